// `millrace op`: look at operations and tell them what to do.
import { Option, type Command } from 'commander';
import { OPERATION_STATE } from '../../model/cluster.ts';
import type { Telling } from '../api-client.ts';
import type { Context } from '../context.ts';
import { follow, withFollowOptions, type FollowOptions } from '../follow.ts';
import { columns, duration, time } from '../output.ts';
import { renderPlan } from '../render-plan.ts';

const WATCH_HELP = `
Ends with 0 when the operation is complete, 1 when it was aborted, 5 when it waits for a person: a step failed, or it is
paused. On a terminal the plan is redrawn; elsewhere each change is one line.

Example:
  $ millrace op watch 'orders/install#1'`;

const OP_HELP = `
An operation is one change to one cluster, such as 'orders/install#1' (quote it: # begins a comment in most shells). Its
plan is made before anything is touched. A step that fails waits for a person:
  $ millrace op list --state FAILED                                 find it
  $ millrace op get 'orders/install#1'                              see what failed and why
  $ millrace op retry 'orders/install#1' start:broker-0             run the step again, when the cause is gone
  $ millrace op skip 'orders/install#1' start:broker-0 --reason "…" leave it undone and go on
  $ millrace op abort 'orders/install#1' --reason "…"               stop; everything stays as it is`;

/** Adds `op` with all its commands. */
export function addOperationCommands(program: Command, context: Context): void {
  const op = program
    .command('op')
    .description('look at operations; pause, resume, retry, skip, approve, abort')
    .addHelpText('after', OP_HELP);
  addLooks(op, context);
  const reason = new Option('--reason <text>', 'why; shown with the operation').makeOptionMandatory();
  const tell = (telling: Telling, usage: string, description: string) =>
    op.command(`${telling} ${usage}`).description(description);
  const send = async (command: Command, telling: Telling, { id, body }: { id: string; body: object }) => {
    const operation = await context.api(command).tell(id, telling, body);
    await context.show(command, operation, () =>
      renderPlan(operation, { nowMs: context.io.nowMs(), color: context.io.color }).join('\n'),
    );
  };
  for (const [telling, description] of [
    ['pause', 'begin no further step; those under way end'],
    ['resume', 'go on after a pause'],
  ] as const)
    tell(telling, '<operation>', description)
      .option('--reason <text>', 'why; shown with the operation')
      .action(async (id: string, body: { reason?: string }, command: Command) => {
        await send(command, telling, { id, body });
      });
  tell('retry', '<operation> <step>', 'run a step that failed again').action(
    async (id: string, step: string, _options: unknown, command: Command) => {
      await send(command, 'retry', { id, body: { step } });
    },
  );
  tell(
    'skip',
    '<operation> <step>',
    'leave a step undone that failed, or waits for Kafka or a person, and go on',
  )
    .addOption(reason)
    .action(async (id: string, step: string, options: { reason: string }, command: Command) => {
      await send(command, 'skip', { id, body: { step, reason: options.reason } });
    });
  tell('approve', '<operation>', 'go on where a step waits for approval')
    .option('--plan <hash>', 'hash of what is approved, as the step shows it')
    .action(async (id: string, options: { plan?: string }, command: Command) => {
      await send(command, 'approve', {
        id,
        body: options.plan === undefined ? {} : { planHash: options.plan },
      });
    });
  tell('abort', '<operation>', 'stop the operation and leave everything as it is')
    .addOption(reason)
    .action(async (id: string, options: { reason: string }, command: Command) => {
      await send(command, 'abort', { id, body: { reason: options.reason } });
    });
}

function addLooks(op: Command, context: Context): void {
  const { io } = context;
  op.command('list')
    .description('operations of all clusters, the newest first')
    .option('--cluster <name>', 'only those of this cluster')
    .addOption(
      new Option('--state <state>', 'only those in this state; FAILED finds what waits for a person').choices(
        Object.values(OPERATION_STATE),
      ),
    )
    .action(async ({ cluster, state }: { cluster?: string; state?: string }, command: Command) => {
      const operations = await context.api(command).operations({
        ...(cluster === undefined ? {} : { cluster }),
        ...(state === undefined ? {} : { state }),
      });
      await context.show(command, { operations }, () =>
        operations.length === 0
          ? 'There are no such operations.'
          : columns(
              ['OPERATION', 'STATE', 'STARTED (UTC)', 'TOOK'],
              operations.map(({ id, state: now, startedAtMs, endedAtMs }) => [
                id,
                now,
                time(startedAtMs),
                duration((endedAtMs ?? io.nowMs()) - startedAtMs),
              ]),
            ),
      );
    });
  op.command('get <operation>')
    .description('one operation: its plan with all that happened so far')
    .action(async (id: string, _options: unknown, command: Command) => {
      const operation = await context.api(command).operation(id);
      await context.show(command, operation, () =>
        [
          ...renderPlan(operation, { nowMs: io.nowMs(), color: io.color }),
          ...operation.notes.map((note) => `note: ${note}`),
          ...(operation.links.temporalUi === undefined
            ? []
            : [`In the Temporal UI: ${operation.links.temporalUi}`]),
        ].join('\n'),
      );
    });
  withFollowOptions(
    op.command('watch <operation>').description('show an operation until it ends or waits for a person'),
  )
    .addHelpText('after', WATCH_HELP)
    .action(async (id: string, options: FollowOptions, command: Command) => {
      await follow(context, command, id, options);
    });
}
