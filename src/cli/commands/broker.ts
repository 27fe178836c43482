// `millrace broker`: the brokers of a cluster.
import type { Command } from 'commander';
import type { NodeView } from '../../api/schemas/cluster.ts';
import type { Context } from '../context.ts';
import { afterAccepted, withFollowOptions, type FollowOptions } from '../follow.ts';
import { columns } from '../output.ts';
import { addBrokerChanges } from './change.ts';

const REPLACE_HELP = `
The node keeps its id and gets another agent, port and volume. Its data is copied to it by the others: while a broker has the only full
copy of a partition, the request is refused, unless it is forced. Millrace replaces by itself what an operator removed for good
(MARK_AGENT_GONE), and, with recovery.replaceAfterSeconds in the spec, what is out of reach for longer than that.

Examples:
  $ millrace broker replace orders 1 --reason "disk fails" --wait
  $ millrace broker replace orders controller-0`;

/** Adds `broker` with all its commands. */
export function addBrokerCommands(program: Command, context: Context): void {
  const broker = program
    .command('broker')
    .description('look at the brokers of a cluster; restart, pause, resume and replace them');
  broker
    .command('list <cluster>')
    .description("a cluster's brokers: status, address, Mesos agent, Mesos task")
    .addHelpText('after', '\nExample:\n  $ millrace broker list orders')
    .action(async (name: string, _options: unknown, command: Command) => {
      const brokers = await context.api(command).brokers(name);
      await context.show(command, { brokers }, () => nodeTable(brokers));
    });
  addBrokerChanges(broker, context);
  withFollowOptions(
    broker
      .command('replace <cluster> <broker>')
      .description(
        'give a broker (1, broker-1) or a controller (controller-0) another agent, port and volume',
      )
      .option('--reason <text>', 'why; kept with the operation')
      .option('--force', 'give up what only this node has, without asking Kafka; takes --reason')
      .option('--wait', 'wait until the operation has ended, showing its plan'),
  )
    .addHelpText('after', REPLACE_HELP)
    .action(
      async (
        cluster: string,
        node: string,
        options: { reason?: string; force?: boolean; wait?: boolean } & FollowOptions,
        command: Command,
      ) => {
        const name = /^\d+$/.test(node) ? `broker-${node}` : node;
        const { reason, force } = options;
        const path = `nodes/${encodeURIComponent(name)}/replace`;
        const accepted = await context.api(command).change(cluster, path, { reason, force });
        await afterAccepted(context, command, accepted, options);
      },
    );
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
