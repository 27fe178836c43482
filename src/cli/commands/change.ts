// `millrace cluster plan|apply|restart|scale|rebalance` and `millrace broker restart|pause|resume`: changes of a cluster that serves.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { MillraceError } from '../../model/errors.ts';
import type { Context } from '../context.ts';
import { afterAccepted, withFollowOptions, type FollowOptions } from '../follow.ts';
import { changePlanPage } from '../render-change.ts';
import { inFile } from '../report.ts';
import { nameInSpec, readSpec } from '../spec-file.ts';

type Wait = { wait?: boolean } & FollowOptions;
interface CommonOptions {
  reason?: string;
  queue?: boolean;
  window?: string;
}
interface ApplyOptions extends CommonOptions {
  file: string;
  plan?: string;
  remove?: string;
  rebalance?: boolean;
  throttle?: number;
}

const PLAN_HELP = `
Shows per key what changes, and how: while Kafka runs, by a restart of which nodes, or without touching any; which brokers come and go,
and how many bytes would move. Nothing is changed.

Examples:
  $ millrace cluster plan -f orders.yaml
  $ millrace cluster apply -f orders.yaml --plan 1f2e3d4c --wait`;

const APPLY_HELP = `
Runs what "millrace cluster plan" shows for the same spec; with --plan <hash> just that plan, and nothing when the cluster has changed
since. A spec that the cluster has already changes nothing. While an update runs, a newer spec takes its place: what is done stays
done, and no node is restarted more often than it needs.

Examples:
  $ millrace cluster apply -f orders.yaml --wait
  $ millrace cluster apply -f orders.yaml --window "sat,sun 02:00-06:00" --reason "larger heap"`;

const RESTART_HELP = `
One node after the other: each is stopped when Kafka can do without it, and the next begins when it is in sync again and has its
leaders back. Controllers go first, the one that leads the quorum last.

Examples:
  $ millrace cluster restart orders --wait
  $ millrace cluster restart orders --nodes 0,2..4 --reason "kernel update"
  $ millrace cluster restart orders --rack r1`;

const SCALE_HELP = `
New brokers get their share of the replicas (unless --no-rebalance). Brokers that go are emptied first, proven to be empty, shut down,
forgotten by Kafka, and released; until the shutdown an abort puts everything back. Controllers come and go one by one.

Examples:
  $ millrace cluster scale orders --brokers 5 --wait
  $ millrace cluster scale orders --remove 3,4 --throttle 50000000
  $ millrace cluster scale orders --controllers 5`;

const REBALANCE_HELP = `
Computes a proposal with as few moves as can be, and waits for its approval (millrace op approve); with --yes it is run at once. What
is approved is what is run.

Examples:
  $ millrace cluster rebalance orders
  $ millrace cluster rebalance orders --yes --throttle 50000000 --wait`;

/** Adds the changes to `millrace cluster`. */
export function addClusterChanges(cluster: Command, context: Context): void {
  const file = () =>
    new Option('-f, --file <file>', 'the spec, YAML or JSON; - reads standard input').makeOptionMandatory();
  withApplyOptions(cluster.command('plan').description('what a spec would change').addOption(file()))
    .addHelpText('after', PLAN_HELP)
    .action(async (options: ApplyOptions, command: Command) => {
      const spec = await readSpec(options.file);
      const plan = await context
        .api(command)
        .planSpec(nameInSpec(spec), spec, queryOf(options))
        .catch((error: unknown) => {
          throw inFile(error, spec.name);
        });
      await context.show(command, plan, () => changePlanPage(plan, options.file));
    });
  waiting(
    withCommon(
      withApplyOptions(
        cluster
          .command('apply')
          .description('bring a cluster to another spec')
          .addOption(file())
          .option('--plan <hash>', 'run just the plan with this hash'),
      ),
    ),
  )
    .addHelpText('after', APPLY_HELP)
    .action(async (options: ApplyOptions & Wait, command: Command) => {
      const spec = await readSpec(options.file);
      const accepted = await context
        .api(command)
        .applySpec(nameInSpec(spec), spec, queryOf(options))
        .catch((error: unknown) => {
          throw inFile(error, spec.name);
        });
      await afterAccepted(context, command, accepted, options);
    });
  waiting(
    withCommon(
      cluster
        .command('restart <cluster>')
        .description('restart nodes one after the other')
        .option('--nodes <nodes>', 'only these: 0,2..4 are brokers, controller-0 a controller', nodeNames)
        .option('--rack <rack>', 'only brokers of this rack'),
    ),
  )
    .addHelpText('after', RESTART_HELP)
    .action(
      async (
        name: string,
        options: CommonOptions & { nodes?: string[]; rack?: string } & Wait,
        command: Command,
      ) => {
        const body = { ...commonOf(options), ...only(options, ['nodes', 'rack']) };
        await afterAccepted(
          context,
          command,
          await context.api(command).change(name, 'restart', body),
          options,
        );
      },
    );
  waiting(
    withCommon(
      withApplyOptions(
        cluster
          .command('scale <cluster>')
          .description('change the number of brokers or controllers')
          .option('--brokers <count>', 'how many brokers there are to be', wholeNumber)
          .option('--controllers <count>', 'how many controllers there are to be; odd', wholeNumber),
      ),
    ),
  )
    .addHelpText('after', SCALE_HELP)
    .action(
      async (
        name: string,
        options: Omit<ApplyOptions, 'file'> & { brokers?: number; controllers?: number } & Wait,
        command: Command,
      ) => {
        if (
          options.brokers === undefined &&
          options.controllers === undefined &&
          options.remove === undefined
        )
          throw new MillraceError(
            'REQUEST_INVALID',
            'Nothing was asked for and nothing was changed: say --brokers, --controllers or --remove.',
          );
        const body = {
          ...commonOf(options),
          ...only(options, ['brokers', 'controllers']),
          ...(options.remove === undefined ? {} : { remove: nodeNames(options.remove) }),
          ...(options.rebalance === false ? { rebalance: false } : {}),
          ...(options.throttle === undefined ? {} : { throttleBytesPerSecond: options.throttle }),
        };
        await afterAccepted(
          context,
          command,
          await context.api(command).change(name, 'scale', body),
          options,
        );
      },
    );
  waiting(
    withCommon(
      cluster
        .command('rebalance <cluster>')
        .description('move replicas until all brokers have their share')
        .option('--yes', 'run the proposal without waiting for its approval')
        .addOption(throttleOption()),
    ),
  )
    .addHelpText('after', REBALANCE_HELP)
    .action(
      async (
        name: string,
        options: CommonOptions & { yes?: boolean; throttle?: number } & Wait,
        command: Command,
      ) => {
        const body = {
          ...commonOf(options),
          ...(options.yes === true ? { approved: true } : {}),
          ...(options.throttle === undefined ? {} : { throttleBytesPerSecond: options.throttle }),
        };
        await afterAccepted(
          context,
          command,
          await context.api(command).change(name, 'rebalance', body),
          options,
        );
      },
    );
}

/** Adds the changes to `millrace broker`. */
export function addBrokerChanges(broker: Command, context: Context): void {
  for (const [verb, description, example] of [
    [
      'restart',
      'restart a broker or controller when Kafka can do without it',
      'broker restart orders 1 --wait',
    ],
    [
      'pause',
      'stop a broker and keep it stopped; its volume stays',
      'broker pause orders 1 --reason "heap dump"',
    ],
    ['resume', 'start a broker that is kept stopped', 'broker resume orders 1 --wait'],
  ] as const)
    waiting(withCommon(broker.command(`${verb} <cluster> <broker>`).description(description)))
      .addHelpText('after', `\nExample:\n  $ millrace ${example}`)
      .action(async (name: string, node: string, options: CommonOptions & Wait, command: Command) => {
        const [chosen = node] = nodeNames(node);
        const path = `nodes/${encodeURIComponent(chosen)}/${verb}`;
        const accepted = await context.api(command).change(name, path, commonOf(options));
        await afterAccepted(context, command, accepted, options);
      });
}

function waiting(command: Command): Command {
  return withFollowOptions(command.option('--wait', 'wait until the operation has ended, showing its plan'));
}

function withCommon(command: Command): Command {
  return command
    .option('--reason <text>', 'why; kept with the operation')
    .option('--queue', 'wait for the operation that runs, instead of being refused')
    .option(
      '--window <hours>',
      'stop nodes within these hours (UTC) only: 22:00-06:00, "sat,sun 02:00-06:00"',
    );
}

function withApplyOptions(command: Command): Command {
  return command
    .option(
      '--remove <brokers>',
      'brokers that go when there are to be fewer: 3,4. Default: those with the greatest ids',
    )
    .option('--no-rebalance', 'leave new brokers empty')
    .addOption(throttleOption());
}

function throttleOption(): Option {
  return new Option(
    '--throttle <bytes>',
    'bytes a second that each broker may send, and receive, while replicas move. Default: no limit',
  ).argParser(wholeNumber);
}

function commonOf({ reason, queue, window }: CommonOptions): object {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(queue === true ? { queue } : {}),
    ...(window === undefined ? {} : { window }),
  };
}

function queryOf({
  plan,
  remove,
  rebalance,
  throttle,
  reason,
  queue,
  window,
}: ApplyOptions): Record<string, string> {
  return {
    ...(plan === undefined ? {} : { plan }),
    ...(remove === undefined ? {} : { remove: nodeNames(remove).join(',') }),
    ...(rebalance === false ? { rebalance: 'false' } : {}),
    ...(throttle === undefined ? {} : { throttleBytesPerSecond: String(throttle) }),
    ...(reason === undefined ? {} : { reason }),
    ...(queue === true ? { queue: 'true' } : {}),
    ...(window === undefined ? {} : { window }),
  };
}

function only<T extends object>(options: T, keys: readonly (keyof T)[]): object {
  return Object.fromEntries(keys.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));
}

/** `0,2..4,controller-1` as names of nodes. */
export function nodeNames(text: string): string[] {
  return text.split(',').flatMap((part) => {
    const range = /^(\d+)\.\.(\d+)$/.exec(part.trim());
    if (range) {
      const [from, to] = [Number(range[1]), Number(range[2])];
      if (to >= from && to - from < 1000)
        return Array.from({ length: to - from + 1 }, (_none, index) => `broker-${from + index}`);
    }
    if (/^\d+$/.test(part.trim())) return [`broker-${part.trim()}`];
    if (/^(broker|controller)-\d+$/.test(part.trim())) return [part.trim()];
    throw new InvalidArgumentError(
      `Accepted: brokers such as 0,2..4, or names such as controller-0; not ${JSON.stringify(part)}.`,
    );
  });
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Accepted: a whole number.');
}
