// Stops a node's task gracefully and sees it ended: SIGTERM, the kill grace, then SIGKILL by Mesos itself.
import type { Scheduler } from '../mesos/index.ts';
import type { TaskStatus } from '../mesos/types.ts';
import { isAbsent, isTerminal, isUnreachable } from '../model/task-state.ts';
import type { StopGate, StopNodeInput, StopResult } from './contract.ts';
import { pause } from './pause.ts';
import { untilOpenTwice } from './until-open.ts';
import type { Gate } from '../model/safety/gate.ts';
import { heldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

/** After the grace Mesos kills hard; an end that has not shown by then was lost, and is asked for. */
const MARGIN_MS = 5_000;
/** An agent that is out of reach may be on its way back; Mesos itself waits 75 s before it says so. */
const UNREACHABLE_TRIES = 3;
const UNREACHABLE_RETRY_MS = 5_000;

export interface StopNodeDeps {
  sessions: Sessions;
  /** One look, no waiting. */
  stopGate: (gate: StopGate, signal: AbortSignal) => Promise<Gate>;
}

/**
 * Where a gate is given, it is waited for directly before each KILL, and nothing is done between. A task that has ended
 * already needs none: an earlier try may have stopped it, and its end may be what keeps the gate closed.
 */
export async function stopNode(
  deps: StopNodeDeps,
  input: StopNodeInput,
  waiting: Waiting,
): Promise<StopResult> {
  const { scheduler } = heldSession(deps.sessions, input.cluster, input.session);
  for (let unreachable = 0; ;) {
    const ended = input.gate
      ? await passGate(deps, scheduler, { ...input, gate: input.gate }, waiting)
      : null;
    if (ended) return stopped(ended);
    const status = await killAndWait(scheduler, input, waiting);
    if (isAbsent(status.state)) return stopped(status);
    if (!isUnreachable(status.state)) continue;
    unreachable += 1;
    const reason = `Mesos cannot reach agent ${input.agentId}, where task ${input.taskId} may still run (${status.state})`;
    if (unreachable >= UNREACHABLE_TRIES) return { stopped: false, reason };
    waiting.set(reason);
    await pause(UNREACHABLE_RETRY_MS, waiting.signal);
  }
}

/**
 * Returns null when the gate is open, or the task's end when it ended meanwhile, or before: then an open gate is not to be
 * waited for.
 */
async function passGate(
  deps: StopNodeDeps,
  scheduler: Scheduler,
  { gate, taskId, agentId }: StopNodeInput & { gate: StopGate },
  waiting: Waiting,
): Promise<TaskStatus | null> {
  const over = new AbortController();
  const signal = AbortSignal.any([waiting.signal, over.signal]);
  const end = scheduler.taskStatus(taskId, ({ state }) => isTerminal(state), signal);
  end.catch(() => undefined);
  try {
    const found = await scheduler.reconcile(taskId, agentId, signal);
    if (isAbsent(found.state)) return found;
    const opened = untilOpenTwice(() => deps.stopGate(gate, signal), { set: waiting.set, signal });
    opened.catch(() => undefined);
    return await Promise.race([end, opened.then(() => null)]);
  } finally {
    over.abort(new Error('the gate is not waited for any more'));
  }
}

function stopped({ state }: TaskStatus): StopResult {
  return { stopped: true, state: state === 'TASK_UNKNOWN' ? 'TASK_GONE' : state };
}

/** The task's end, or, when none shows in time, what a reconciliation says. */
async function killAndWait(
  scheduler: Scheduler,
  input: StopNodeInput,
  waiting: Waiting,
): Promise<TaskStatus> {
  const limitMs = input.killGraceSeconds * 1000 + MARGIN_MS;
  const timeout = AbortSignal.timeout(limitMs);
  const done = (status: TaskStatus) => isTerminal(status.state) || isUnreachable(status.state);
  const ended = scheduler.taskStatus(input.taskId, done, AbortSignal.any([waiting.signal, timeout]));
  ended.catch(() => undefined);
  await scheduler.call({
    type: 'KILL',
    kill: {
      task_id: { value: input.taskId },
      agent_id: { value: input.agentId },
    },
  });
  waiting.set(`${input.taskId} to shut down (at most ${input.killGraceSeconds} s, then Mesos kills it)`);
  try {
    return await ended;
  } catch (error) {
    if (waiting.signal.aborted || !timeout.aborted) throw error;
    return scheduler.reconcile(input.taskId, input.agentId, waiting.signal);
  }
}
