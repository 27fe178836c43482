// Fenced scheduler calls: the stream id in each of them keeps a holder that was thrown out from acting.
import type { Dispatcher } from 'undici';
import { MillraceError } from '../model/errors.ts';
import { redact } from './authentication.ts';
import { sharedConnections } from './connections.ts';
import type { MesosEndpoint, SessionRef } from './contract.ts';
import { post, reasonOf, SCHEDULER_PATH, urlOf } from './http.ts';
import { refusalError, textOf } from './refusal.ts';
import type { SchedulerCall } from './types.ts';

export interface CallOptions {
  signal?: AbortSignal;
  /** Connections to use instead of the shared ones. */
  dispatcher?: Dispatcher;
}

/** A master answers calls within milliseconds; one that does not is not there. */
const CALL_TIMEOUT_MS = 10_000;

/**
 * Sends one call of a session, from any process. Mesos answers 202 to whatever it understood, before it does it.
 * @throws MillraceError SESSION_MOVED when the session is not the current one, MESOS_REFUSED, MESOS_UNREACHABLE (then it
 *   is not known whether the call arrived)
 */
export async function schedulerCall(
  ref: SessionRef,
  endpoint: MesosEndpoint,
  call: SchedulerCall,
  options: CallOptions = {},
): Promise<void> {
  const limit = AbortSignal.timeout(CALL_TIMEOUT_MS);
  const response = await send(ref, endpoint, call, {
    dispatcher: options.dispatcher ?? sharedConnections(endpoint.tls),
    signal: options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]),
  });
  if (response.statusCode === 202 || response.statusCode === 200) {
    await response.body.dump();
    return;
  }
  const text = redact(await textOf(response), endpoint);
  throw refusalError({
    status: response.statusCode,
    text,
    what: call.type,
    master: ref.master,
    fenced: true,
  });
}

async function send(
  ref: SessionRef,
  endpoint: MesosEndpoint,
  call: SchedulerCall,
  options: { dispatcher: Dispatcher; signal: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  try {
    return await post(urlOf(ref.master, SCHEDULER_PATH), bodyOf(ref.frameworkId, call), {
      ...options,
      streamId: ref.streamId,
      identity: endpoint,
    });
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError(
      'MESOS_UNREACHABLE',
      `${call.type}: the Mesos master ${ref.master} does not answer: ${reasonOf(error)}. Whether the call arrived is not known. ` +
        'The session finds the leading master again; MILLRACE_MESOS_MASTERS sets the addresses.',
      { cause: error },
    );
  }
}

function bodyOf(frameworkId: string, call: SchedulerCall): string {
  const { type, ...rest } = call;
  return JSON.stringify({ type, framework_id: { value: frameworkId }, ...rest });
}
