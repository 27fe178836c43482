// `container_status` of task updates.
import type { Master } from '../master/master.ts';
import { agentOf } from '../master/away.ts';
import { executorKey } from '../master/state.ts';
import type { Task } from '../master/state.ts';

/**
 * The status of a task's container. Tasks of a default executor live in a container below the executor's, and say address
 * and pid only while they run; a command task says them always.
 */
export function containerStatus(master: Master, task: Task, extent: 'id' | 'full'): object {
  const executor = master.state.executors[executorKey(task.agentId, task.frameworkId, task.executorId)];
  const parent = executor?.isDefault === true ? { parent: { value: executor.containerId } } : {};
  const id = { container_id: { value: task.containerId, ...parent } };
  if (extent === 'id') return id;
  const address = agentOf(master, task.agentId)?.hostname ?? '127.0.0.1';
  return {
    ...id,
    network_infos: [{ ip_addresses: [{ protocol: 'IPv4', ip_address: address }] }],
    ...(task.keeper ? { executor_pid: task.keeper.pid } : {}),
  };
}
