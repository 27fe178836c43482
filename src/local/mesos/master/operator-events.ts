// What operators who subscribed are told. The HTTP side renders the events (http/operator-stream.ts).
import type { TaskStatus } from '../../../mesos/types.ts';
import type { Master } from './master.ts';
import type { Agent, Framework, Task } from './state.ts';

export type OperatorEvent =
  | { type: 'TASK_ADDED'; task: Task }
  | { type: 'TASK_UPDATED'; task: Task; status: TaskStatus }
  | { type: 'FRAMEWORK_ADDED' | 'FRAMEWORK_UPDATED' | 'FRAMEWORK_REMOVED'; framework: Framework }
  | { type: 'AGENT_ADDED' | 'AGENT_REMOVED'; agent: Agent };

/** Tells all subscribed operators. */
export function tellOperators(master: Master, event: OperatorEvent): void {
  for (const listener of master.operatorListeners) listener(event);
}
