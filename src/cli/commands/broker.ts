// `millrace broker`: the brokers of a cluster.
import type { Command } from 'commander';
import type { NodeView } from '../../api/schemas/cluster.ts';
import type { Context } from '../context.ts';
import { columns } from '../output.ts';

/** Adds `broker list`. */
export function addBrokerCommands(program: Command, context: Context): void {
  const broker = program.command('broker').description('look at the brokers of a cluster');
  broker
    .command('list <cluster>')
    .description("a cluster's brokers: status, address, Mesos agent, Mesos task")
    .addHelpText('after', '\nExample:\n  $ millrace broker list orders')
    .action(async (name: string, _options: unknown, command: Command) => {
      const brokers = await context.api(command).brokers(name);
      await context.show(command, { brokers }, () => nodeTable(brokers));
    });
}

/** Nodes as a table. */
export function nodeTable(nodes: NodeView[]): string {
  return columns(
    ['NODE', 'ID', 'STATUS', 'ADDRESS', 'AGENT', 'TASK', 'TASK STATE', 'REASON'],
    nodes.map(({ name, nodeId, status, host, port, agent, task, taskState, reason }) => [
      name,
      nodeId,
      status,
      host === null ? null : `${host}:${port}`,
      agent,
      task,
      taskState,
      reason,
    ]),
  );
}
