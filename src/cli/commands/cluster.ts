// `millrace cluster`: install, look at, recover and uninstall clusters.
import type { Command } from 'commander';
import type { ClusterView } from '../../api/schemas/cluster.ts';
import { MillraceError } from '../../model/errors.ts';
import type { Context } from '../context.ts';
import { afterAccepted, withFollowOptions, type FollowOptions } from '../follow.ts';
import { columns, fields, time } from '../output.ts';
import { EXIT, inFile } from '../report.ts';
import { readSpec } from '../spec-file.ts';
import { nodeTable } from './broker.ts';
import { addClusterChanges } from './change.ts';
import { preflightPage, whyPage } from './placement.ts';

const INSTALL_HELP = `
Examples:
  $ millrace cluster install -f orders.yaml --wait
  $ echo 'name: orders' | millrace cluster install -f -
  $ millrace cluster install -f orders.yaml --dry-run

The smallest spec is a name; everything else has a default that is safe in production:
  name: orders
  brokers:
    count: 5
    memMb: 8192
    heapMb: 4096
  kafka:
    config:
      log.retention.hours: 72

Without --wait the command returns as soon as the operation is accepted. With it, it ends with 0 when the cluster runs, 1
when the operation was aborted, 5 when a step failed and waits for a person (millrace op retry).

With --dry-run nothing is installed or reserved: it tells which node would go where now, or why it does not fit, and ends with
0 when the cluster fits, else 6.`;

const RECOVER_HELP = `
Millrace recovers a node by itself when its Mesos task ends. This is for afterwards: when such a recovery was aborted.

Example:
  $ millrace cluster recover orders --wait`;

const ADOPT_HELP = `
When a framework is torn down in Mesos, or its workers are away for longer than its failover timeout (two weeks), Mesos ends all its
tasks and never takes that framework again. Reservations and volumes stay, and with them every record: adopt starts the nodes on
them again. Millrace never does so by itself, since whoever removed the framework may have had a reason.

Example:
  $ millrace cluster adopt orders --wait`;

const WHY_HELP = `
Shows for each node that waits what it wants, what each agent lacks, what became of the last offers, and what can be done. Offers
are in the memory of the worker that holds the session: they begin anew with each session.

Example:
  $ millrace cluster why orders`;

/** Adds `cluster` with all its commands. */
export function addClusterCommands(program: Command, context: Context): void {
  const cluster = program
    .command('cluster')
    .description('install, look at, change, recover and uninstall Kafka clusters');
  withFollowOptions(
    cluster
      .command('install')
      .description('install a cluster from a spec')
      .requiredOption('-f, --file <file>', 'the spec, YAML or JSON; - reads standard input')
      .option('--wait', 'wait until the operation has ended, showing its plan')
      .option('--dry-run', 'install nothing, and say whether the cluster would fit now'),
  )
    .addHelpText('after', INSTALL_HELP)
    .action(async (options: InstallOptions, command: Command) => {
      const { name, text, format } = await readSpec(options.file);
      const refused = (error: unknown) => {
        throw inFile(error, name);
      };
      if (options.dryRun === true) {
        const preflight = await context.api(command).preflight(text, format).catch(refused);
        await context.show(command, preflight, () => preflightPage(preflight));
        if (!preflight.fits) context.exitCode = EXIT.REFUSED;
        return;
      }
      const accepted = await context.api(command).install(text, format).catch(refused);
      await afterAccepted(context, command, accepted, options);
    });
  cluster
    .command('list')
    .description('all clusters')
    .action(async (_options: unknown, command: Command) => {
      const clusters = await context.api(command).clusters();
      await context.show(command, { clusters }, () =>
        clusters.length === 0
          ? 'There are no clusters. To install one: millrace cluster install -f <spec.yaml>'
          : columns(
              ['NAME', 'STATUS', 'KAFKA', 'BROKERS', 'OPERATION', 'PROBLEM'],
              clusters.map(({ name, status, kafkaVersion, brokers, operation, problem }) => [
                name,
                status,
                kafkaVersion,
                brokers ? `${brokers.ready}/${brokers.total}` : null,
                operation,
                problem,
              ]),
            ),
      );
    });
  cluster
    .command('get <cluster>')
    .description('one cluster: status, bootstrap servers, nodes, operations')
    .action(async (name: string, _options: unknown, command: Command) => {
      const found = await context.api(command).cluster(name);
      await context.show(command, found, () => clusterPage(found));
    });
  cluster
    .command('why <cluster>')
    .description('why nodes wait to be placed or launched, agent by agent')
    .addHelpText('after', WHY_HELP)
    .action(async (name: string, _options: unknown, command: Command) => {
      const why = await context.api(command).why(name);
      await context.show(command, why, () => whyPage(why, context.io.nowMs()));
    });
  addClusterChanges(cluster, context);
  withFollowOptions(
    cluster
      .command('recover <cluster>')
      .description('start the nodes that are not READY again, where they are')
      .option('--wait', 'wait until the operation has ended, showing its plan'),
  )
    .addHelpText('after', RECOVER_HELP)
    .action(async (name: string, options: { wait?: boolean } & FollowOptions, command: Command) => {
      await afterAccepted(context, command, await context.api(command).recover(name), options);
    });
  withFollowOptions(
    cluster
      .command('adopt <cluster>')
      .description('go on as a new Mesos framework after the one there was has been removed')
      .option('--wait', 'wait until the operation has ended, showing its plan'),
  )
    .addHelpText('after', ADOPT_HELP)
    .action(async (name: string, options: { wait?: boolean } & FollowOptions, command: Command) => {
      await afterAccepted(context, command, await context.api(command).adopt(name), options);
    });
  withFollowOptions(
    cluster
      .command('uninstall <cluster>')
      .description('stop a cluster, destroy its data and give its resources back')
      .option('--yes', 'do not ask')
      .option('--wait', 'wait until the operation has ended, showing its plan'),
  )
    .addHelpText('after', '\nExample:\n  $ millrace cluster uninstall orders --yes --wait')
    .action(
      async (name: string, options: { yes?: boolean; wait?: boolean } & FollowOptions, command: Command) => {
        if (options.yes !== true) await confirm(context, name);
        await afterAccepted(context, command, await context.api(command).uninstall(name), options);
      },
    );
}

type InstallOptions = { file: string; wait?: boolean; dryRun?: boolean } & FollowOptions;

/** Data is destroyed for good: a person types the name, a script says --yes. */
async function confirm({ io }: Context, name: string): Promise<void> {
  const refused = (why: string) =>
    new MillraceError('REQUEST_INVALID', `Cluster ${name} was left as it is: ${why}.`);
  if (!io.canAsk) throw refused('uninstalling destroys its data; say --yes where nobody can be asked');
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(
      `This destroys all data of cluster ${name}. Type its name to go on: `,
    );
    if (answer.trim() !== name) throw refused('its name was not typed');
  } finally {
    prompt.close();
  }
}

function clusterPage(cluster: ClusterView): string {
  const { session, operation, recoveries, history } = cluster;
  const running = [...(operation ? [operation] : []), ...recoveries];
  const ended = history.slice(-5).reverse();
  return [
    fields([
      ['Name', cluster.name],
      ['Status', cluster.status],
      ['Bootstrap', cluster.bootstrapServers],
      ['Kafka', cluster.spec.kafka.version],
      ['Generation', String(cluster.generation)],
      ['Operation', running.map(({ id }) => id).join(', ') || null],
      ['Queued', cluster.queue.map(({ id }) => id).join(', ') || null],
      [
        'Mesos',
        session.problem ?? (session.open ? `${session.master} (session ${session.epoch})` : 'no session yet'),
      ],
      ['Framework', cluster.frameworkId],
      ['Created', time(cluster.createdAtMs)],
      ['Temporal UI', cluster.links.temporalUi],
    ]),
    '',
    nodeTable(cluster.nodes),
    ...(ended.length === 0
      ? []
      : [
          '',
          columns(
            ['ENDED OPERATION', 'STATE', 'ENDED', 'BY', 'OUTCOME'],
            ended.map(({ id, state, endedAtMs, requestedBy, outcome }) => [
              id,
              state,
              endedAtMs === undefined ? null : time(endedAtMs),
              requestedBy,
              outcome,
            ]),
          ),
        ]),
  ].join('\n');
}
