// /local/...: how a person or a test looks at local Mesos and changes its agents. Not part of Mesos.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { agentSpecSchema, reservationProblem } from '../agent-spec.ts';
import { addAgent, removeAgent } from '../master/agents.ts';
import { localState } from '../local-state.ts';
import type { Master } from '../master/master.ts';
import { parseJsonText } from '../wire/json-text.ts';
import { readBody } from './body.ts';
import { writeAnswer } from './response.ts';
import type { Answer } from './response.ts';

const LOSS = z.enum(['unreachable', 'unregistered', 'gone']);

/** Serves one request below /local. */
export async function serveControl(
  master: Master,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const body = await readBody(request);
  master.turn(() => {
    const answer = answerControl(master, request.method ?? '', url, body?.toString('utf8') ?? '');
    master.afterCommit(() => {
      writeAnswer(request, response, answer);
    });
  });
}

function answerControl(master: Master, method: string, url: URL, body: string): Answer {
  const [, , what, id, ...more] = url.pathname.split('/');
  if (more.length === 0 && what === 'state' && id === undefined && method === 'GET')
    return { status: 200, body: localState(master) };
  if (more.length === 0 && what === 'agents' && id === undefined && method === 'POST')
    return add(master, body);
  if (more.length === 0 && what === 'agents' && id !== undefined && method === 'DELETE')
    return remove(master, decodeURIComponent(id), url.searchParams.get('loss') ?? 'unreachable');
  return problem(
    404,
    'local Mesos has GET /local/state, POST /local/agents and DELETE /local/agents/<id>[?loss=unreachable|unregistered|gone]',
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
  const agent = master.state.agents[id];
  if (!agent) return problem(404, `There is no agent '${id}'; GET /local/state lists them`);
  removeAgent(master, agent, loss.data);
  return { status: 200, body: { id } };
}

function problem(status: number, error: string): Answer {
  return { status, body: { error } };
}
