// Stops a node's task gracefully and sees it ended: SIGTERM, the kill grace, then SIGKILL by Mesos itself.
import type { Scheduler } from '../mesos/index.ts';
import type { TaskStatus } from '../mesos/types.ts';
import { isAbsent, isTerminal, isUnreachable } from '../model/task-state.ts';
import type { StopNodeInput, StopResult } from './contract.ts';
import { heldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

/** After the grace Mesos kills hard; an end that has not shown by then was lost, and is asked for. */
const MARGIN_MS = 5_000;
/** An agent that is out of reach may be on its way back; Mesos itself waits 75 s before it says so. */
const UNREACHABLE_TRIES = 3;
const UNREACHABLE_RETRY_MS = 5_000;

export async function stopNode(
  deps: { sessions: Sessions },
  input: StopNodeInput,
  waiting: Waiting,
): Promise<StopResult> {
  const { scheduler } = heldSession(deps.sessions, input.cluster, input.session);
  for (let unreachable = 0; ;) {
    const status = await killAndWait(scheduler, input, waiting);
    if (isAbsent(status.state))
      return { stopped: true, state: status.state === 'TASK_UNKNOWN' ? 'TASK_GONE' : status.state };
    if (!isUnreachable(status.state)) continue;
    unreachable += 1;
    const reason = `Mesos cannot reach agent ${input.agentId}, where task ${input.taskId} may still run (${status.state})`;
    if (unreachable >= UNREACHABLE_TRIES) return { stopped: false, reason };
    waiting.set(reason);
    await pause(UNREACHABLE_RETRY_MS, waiting.signal);
  }
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

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, delayMs);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      },
      { once: true },
    );
  });
}
