// What operator calls that change something have in common.
import type { Master } from '../master/master.ts';
import type { OperatorCall } from '../wire/call-types.ts';
import { text } from './response.ts';
import type { Answer } from './response.ts';

/** Carries out a call for its caller. */
export type OperatorChange = (master: Master, call: OperatorCall, principal: string | undefined) => Answer;

/** The answer to who may not. */
export const FORBIDDEN: Answer = text(403, '403 Forbidden.');
