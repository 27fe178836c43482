// /local/...: how a person or a test looks at local Mesos, changes its agents and masters, and has things go wrong. Not part
// of Mesos, and served by every master of the ensemble that is up.
//
//   GET    /local/state                   what there is (local-state.ts)
//   POST   /local/agents                  adds an agent
//   DELETE /local/agents/<id>?loss=...    loses it: disconnected, unreachable, powerCut (default), unregistered or gone
//   POST   /local/agents/<id>/return      has it register again, with its tasks, reservations and volumes
//   GET    /local/faults                  the faults that have yet to happen
//   POST   /local/faults                  a list of faults, e.g. [{"fault":"dropCall","type":"ACCEPT","times":1}];
//                                         all of them are in faults/inject.ts
//   DELETE /local/faults                  takes them back
//   GET    /local/masters                 the masters, and who leads
//   POST   /local/masters/fail-over       the leader goes, another takes over; times in the body, see masters/masters.ts
//   POST   /local/masters/crash           the leader goes, and nobody takes over
//   POST   /local/masters/elect           somebody does
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { agentSpecSchema, reservationProblem } from '../agent-spec.ts';
import { FAULTS, clearFaults, injectFault } from '../faults/inject.ts';
import { AGENT_LOSSES, addAgent, removeAgent } from '../master/agents.ts';
import { agentOf } from '../master/away.ts';
import { localState } from '../local-state.ts';
import type { Master } from '../master/master.ts';
import { returnAgent } from '../master/return-agent.ts';
import type { Masters } from '../masters/masters.ts';
import { parseJsonText } from '../wire/json-text.ts';
import { readBody } from './body.ts';
import { writeAnswer } from './response.ts';
import type { Answer } from './response.ts';

/** What the control API works on. */
export interface ControlContext {
  master: Master;
  masters: Masters;
}

/** `after` happens once the answer is on its way: it may cut the connection on which the answer goes. */
type ControlAnswer = Answer & { after?: () => Promise<void> };

const LOSS = z.enum(AGENT_LOSSES);

const ms = z.number().nonnegative().exactOptional();
const FAILOVER = z.strictObject({
  namesDeadMs: ms,
  leaderlessMs: ms,
  recoveryMs: ms,
  reregistrationMs: ms,
});

/** Serves one request below /local. */
export async function serveControl(
  context: ControlContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { master } = context;
  const body = await readBody(request);
  master.turn(() => {
    const answer = answerControl(context, request.method ?? '', url, body?.toString('utf8') ?? '');
    const { after } = answer;
    if (after)
      response.once('close', () => {
        after().catch(master.settings.onError);
      });
    master.afterCommit(() => {
      writeAnswer(request, response, answer);
    });
  });
}

function answerControl(context: ControlContext, method: string, url: URL, body: string): ControlAnswer {
  const { master, masters } = context;
  const [what = '', id, verb, ...more] = url.pathname.split('/').slice(2).map(decodeURIComponent);
  const route = more.length > 0 ? '' : `${method} ${what}`;
  if (route === 'GET state' && id === undefined) return { status: 200, body: localState(master) };
  if (route === 'POST agents' && id === undefined) return add(master, body);
  if (route === 'DELETE agents' && id !== undefined && verb === undefined)
    return remove(master, id, url.searchParams.get('loss') ?? 'powerCut');
  if (route === 'POST agents' && id !== undefined && verb === 'return') return bringBack(master, id);
  if (route === 'GET faults' && id === undefined) return { status: 200, body: { faults: master.faults } };
  if (route === 'POST faults' && id === undefined) return inject(master, body);
  if (route === 'DELETE faults' && id === undefined) {
    clearFaults(master);
    return { status: 200, body: {} };
  }
  if (route === 'GET masters' && id === undefined)
    return { status: 200, body: { urls: masters.urls, leader: masters.leader() ?? null } };
  if (route === 'POST masters' && verb === undefined) return changeMasters(masters, id, body);
  return problem(
    404,
    'local Mesos has GET /local/state; POST /local/agents, DELETE /local/agents/<id>[?loss=], POST /local/agents/<id>/return; GET, POST and DELETE /local/faults; GET /local/masters and POST /local/masters/fail-over, crash or elect',
  );
}

function add(master: Master, body: string): Answer {
  const parsed = parseJsonText(body);
  const spec = agentSpecSchema.safeParse('value' in parsed ? parsed.value : undefined);
  if (!spec.success) return problem(400, `No agent was added: ${z.prettifyError(spec.error)}`);
  const misfit = reservationProblem(spec.data);
  if (misfit !== undefined) return problem(400, `No agent was added: ${misfit}`);
  const agent = addAgent(master, spec.data);
  return { status: 201, body: { id: agent.id, hostname: agent.hostname } };
}

function remove(master: Master, id: string, lossText: string): Answer {
  const loss = LOSS.safeParse(lossText);
  if (!loss.success) return problem(400, `No agent was removed: loss is one of ${LOSS.options.join(', ')}`);
  const agent = agentOf(master, id);
  if (!agent) return problem(404, `There is no agent '${id}'; GET /local/state lists them`);
  removeAgent(master, agent, loss.data);
  return { status: 200, body: { id } };
}

function bringBack(master: Master, id: string): Answer {
  const away = master.state.awayAgents[id];
  if (master.state.goneAgents.includes(id))
    return problem(
      409,
      `Agent '${id}' was declared gone, and may never come back under this id; add another`,
    );
  if (!away)
    return problem(404, `No agent '${id}' is away; GET /local/state lists those that are as 'awayAgents'`);
  returnAgent(master, away);
  return { status: 200, body: { id } };
}

function inject(master: Master, body: string): Answer {
  const parsed = parseJsonText(body);
  const faults = FAULTS.safeParse('value' in parsed ? parsed.value : undefined);
  if (!faults.success) return problem(400, `No fault was injected: ${z.prettifyError(faults.error)}`);
  const problems = faults.data
    .map((fault) => injectFault(master, fault))
    .filter((found) => found !== undefined);
  return problems.length > 0
    ? problem(409, `Some of the faults were not injected: ${problems.join('; ')}`)
    : { status: 202, body: {} };
}

function changeMasters(masters: Masters, verb: string | undefined, body: string): ControlAnswer {
  const parsed = parseJsonText(body === '' ? '{}' : body);
  const times = FAILOVER.safeParse('value' in parsed ? parsed.value : undefined);
  if (!times.success) return problem(400, `Nothing was changed: ${z.prettifyError(times.error)}`);
  if (verb === 'crash' && masters.urls.length === 1)
    return problem(409, 'There is only one master; if it went, nobody could bring it back. Use fail-over.');
  const changes: Record<string, () => Promise<void>> = {
    'fail-over': () => masters.failOver(times.data),
    crash: () => masters.crash().then(masters.forgetLeader),
    elect: () =>
      masters.elect().then(() => {
        masters.registerAgents();
      }),
  };
  const after = changes[verb ?? ''];
  return after ? { status: 202, body: {}, after } : problem(404, 'masters know fail-over, crash and elect');
}

function problem(status: number, error: string): Answer {
  return { status, body: { error } };
}
