// What Mesos' task states mean to Millrace (mesos/v1/mesos.proto, TaskState).

/** The task exists no more and never will again. TASK_LOST is not here: lost is never concluded from one message. */
const TERMINAL: readonly string[] = [
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
];

/** Mesos' reason of the master's answers to RECONCILE. */
export const RECONCILIATION = 'REASON_RECONCILIATION';

/** Only from reconciliation: the master knows no such task. */
const UNKNOWN = 'TASK_UNKNOWN';

/** Whether a task in this state has ended for good. */
export function isTerminal(state: string): boolean {
  return TERMINAL.includes(state);
}

/** Whether a reconciliation that answers this state says that nothing runs under the id. */
export function isAbsent(state: string): boolean {
  return isTerminal(state) || state === UNKNOWN;
}

/** Whether Mesos can't say: the agent is out of reach, and the task may still run there. */
export function isUnreachable(state: string): boolean {
  return state === 'TASK_UNREACHABLE' || state === 'TASK_LOST';
}

/** The agent was removed by an operator and never comes back: what it held is lost for good. */
export const AGENT_GONE = 'TASK_GONE_BY_OPERATOR';

/** States that the entity must know; what is only on the way (staging, starting, killing) would fill its history. */
export function isWorthRecording(state: string): boolean {
  return state === 'TASK_RUNNING' || isTerminal(state) || isUnreachable(state);
}
