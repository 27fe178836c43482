// `--wait` and `op watch`: shows an operation until it ends or waits for a person, and sets the exit code.
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { UnchangedView } from '../api/schemas/change.ts';
import type { AcceptedView } from '../api/schemas/operation.ts';
import type { Context } from './context.ts';
import { createPlanScreen } from './plan-screen.ts';
import { whatToDo } from './render-plan.ts';
import { exitCodeOf, watchOperation } from './watch.ts';

export interface FollowOptions {
  follow?: boolean;
  timeout?: number;
}

/** `--follow` and `--timeout`, for every command that waits. */
export function withFollowOptions(command: Command): Command {
  return command
    .option('--follow', 'go on waiting when a step failed or the operation is paused')
    .addOption(
      new Option('--timeout <seconds>', 'stop waiting after this; the operation goes on').argParser(seconds),
    );
}

/** Follows the operation; with -o json or yaml only its last state is printed. */
export async function follow(
  context: Context,
  command: Command,
  id: string,
  options: FollowOptions,
): Promise<void> {
  const { io } = context;
  const table = context.format(command) === 'table';
  const screen = createPlanScreen(io);
  const operation = await watchOperation(context.api(command), id, io, {
    follow: options.follow ?? false,
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout * 1000 }),
    onProgress: (progress) => {
      if (table) screen.update(progress);
    },
    onTrouble: (reason) => {
      if (table) screen.remark(reason);
      else io.err(`${reason}\n`);
    },
  });
  context.exitCode = exitCodeOf(operation);
  if (!table) await context.show(command, operation, () => '');
  const { state } = operation;
  if (state === 'RUNNING' || state === 'WAITING')
    io.err(`${id} has not ended in the time given and goes on by itself: millrace op watch '${id}'\n`);
  else if (!(table && io.isTty)) for (const line of whatToDo(operation)) io.err(`${line}\n`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Accepted: a number of seconds greater than 0.');
}

/** Says that an operation was accepted, or follows it with `--wait`. */
export async function afterAccepted(
  context: Context,
  command: Command,
  accepted: AcceptedView | UnchangedView,
  options: { wait?: boolean } & FollowOptions,
): Promise<void> {
  if ('unchanged' in accepted) {
    const said = `Nothing to do: the cluster is as asked (generation ${accepted.generation}).`;
    await context.show(command, accepted, () => said);
    return;
  }
  const { operationId, links, queuedBehind } = accepted;
  if (queuedBehind !== undefined) {
    const said = [
      `${operationId} waits until ${queuedBehind} has ended; then it is planned anew.`,
      `  take it out of the queue:  millrace op abort '${operationId}' --reason "..."`,
    ];
    if (options.wait !== true) await context.show(command, accepted, () => said.join('\n'));
    else context.io.err(`${said[0] ?? ''}\n`);
    if (options.wait !== true) return;
  }
  if (options.wait === true) {
    if (links.temporalUi !== undefined && context.format(command) === 'table')
      context.io.err(`In the Temporal UI: ${links.temporalUi}\n`);
    await follow(context, command, operationId, options);
    return;
  }
  await context.show(command, accepted, () =>
    [
      `${operationId} was accepted and runs.`,
      `  watch it:  millrace op watch '${operationId}'`,
      ...(links.temporalUi === undefined ? [] : [`  in the UI:  ${links.temporalUi}`]),
    ].join('\n'),
  );
}
