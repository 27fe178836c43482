// POST /api/v1: the operator API.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAllowed } from '../master/acls.ts';
import type { Master } from '../master/master.ts';
import type { OperatorCall } from '../wire/call-types.ts';
import { authenticate } from './authentication.ts';
import { readCall } from './body.ts';
import { AGENT_CHANGES } from './operator-agents.ts';
import { FORBIDDEN } from './operator-change.ts';
import type { OperatorChange } from './operator-change.ts';
import { CLUSTER_CHANGES } from './operator-cluster.ts';
import { RESOURCE_CHANGES } from './operator-resources.ts';
import { openOperatorStream } from './operator-stream.ts';
import { VIEWS, flagsOf } from './operator-views.ts';
import { acceptsJson, text, writeAnswer } from './response.ts';
import type { Answer } from './response.ts';

/** Serves one request. */
export async function serveOperator(
  master: Master,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const caller = authenticate(master, request, 'mesos-master-readwrite');
  if ('refusal' in caller) {
    writeAnswer(request, response, caller.refusal);
    return;
  }
  const read = await readCall<OperatorCall>(request, 'OperatorCall');
  if ('refusal' in read) {
    writeAnswer(request, response, read.refusal);
    return;
  }
  if (read.call.type === 'SUBSCRIBE' && acceptsJson(request)) {
    openOperatorStream(master, request, response);
    return;
  }
  master.turn(() => {
    const answer = acceptsJson(request)
      ? answerCall(master, read.call, caller.principal)
      : text(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
    master.afterCommit(() => {
      writeAnswer(request, response, answer);
    });
  });
}

const CHANGES: Readonly<Record<string, OperatorChange>> = {
  ...RESOURCE_CHANGES,
  ...AGENT_CHANGES,
  ...CLUSTER_CHANGES,
};

/** Calls whose sub-message has to be there, though they only read. */
const READS_WITH_BODY = ['GET_METRICS', 'LIST_FILES', 'READ_FILE'];

function answerCall(master: Master, call: OperatorCall, principal: string | undefined): Answer {
  const { type } = call;
  if (type === undefined) return text(400, "Failed to validate master::Call: Expecting 'type' to be present");
  const isMissing = (call as Record<string, unknown>)[type.toLowerCase()] === undefined;
  const change = CHANGES[type];
  if (isMissing && (change || READS_WITH_BODY.includes(type)))
    return text(400, `Failed to validate master::Call: Expecting '${type.toLowerCase()}' to be present`);
  if (change) return change(master, call, principal);
  // There are no files to browse.
  if (type === 'LIST_FILES' || type === 'READ_FILE') return text(404, '');
  if (type === 'GET_FLAGS')
    return isAllowed(master, 'view_flags', principal)
      ? { status: 200, body: { type, get_flags: { flags: flagList(master) } } }
      : FORBIDDEN;
  const view = VIEWS[type];
  if (view) return { status: 200, body: { type, ...view(master) } };
  return text(501, `Local Mesos does not implement the operator call ${type}`);
}

function flagList(master: Master): object[] {
  return Object.entries(flagsOf(master)).map(([name, value]) => ({ name, value }));
}
