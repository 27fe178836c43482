// The `millrace` command: its commands, its options, and how it ends.
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addBrokerCommands } from './commands/broker.ts';
import { addClusterCommands } from './commands/cluster.ts';
import { addOperationCommands } from './commands/operation.ts';
import { addTemporalCommands } from './commands/temporal.ts';
import { createContext, type Context } from './context.ts';
import type { Io } from './io.ts';
import { FORMATS } from './output.ts';
import { report } from './report.ts';

/** Adds the commands of the local stack (up, down, demo, …). */
export type RegisterCommands = (program: Command) => void | Promise<void>;

const HELP = `
First steps:
  $ millrace demo                                    everything on this machine, with a cluster that proves itself
  $ millrace up                                      a local stack: Temporal, Mesos, a worker, the API
  $ millrace cluster install -f orders.yaml --wait   a cluster from a spec
  $ millrace broker list orders                      its brokers
  $ millrace op list --state FAILED                  what waits for a person

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 an operation waits for a person, 6 refused.
The API is that of --api, MILLRACE_API, or the running local stack, else http://127.0.0.1:7070.`;

/** The program with the commands that talk to the API. */
export function buildProgram(io: Io): { program: Command; context: Context } {
  const context = createContext(io);
  const program = new Command('millrace')
    .description('Kafka clusters on Mesos; every operation is a durable workflow')
    .version(version(), '-V, --version')
    .option('--api <url>', 'base URL of the API')
    .addOption(
      new Option('-o, --output <format>', 'how results are printed').choices(FORMATS).default('table'),
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      getOutHasColors: () => io.color,
      getErrHasColors: () => io.color,
    })
    .showHelpAfterError('(--help shows what is accepted)')
    .exitOverride()
    .addHelpText('after', HELP);
  addClusterCommands(program, context);
  addBrokerCommands(program, context);
  addOperationCommands(program, context);
  addTemporalCommands(program, context);
  return { program, context };
}

/**
 * Runs a command line (without `node` and the script) and returns the exit code. The commands of the local stack are loaded
 * only when one of them, or help, is asked for: they are many, and the others ought to start quickly.
 */
export async function run(
  args: string[],
  io: Io,
  loadLocal: () => Promise<RegisterCommands>,
): Promise<number> {
  const { program, context } = buildProgram(io);
  try {
    const own = new Set(program.commands.map((command) => command.name()));
    const first = firstCommand(args);
    if (first === undefined || !own.has(first)) await (await loadLocal())(program);
    await program.parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return report(error, io);
  }
}

/** The first argument that is neither an option nor the value of one. */
function firstCommand(args: string[]): string | undefined {
  const takesValue = ['--api', '-o', '--output'];
  return args.find((arg, index) => !arg.startsWith('-') && !takesValue.includes(args[index - 1] ?? ''));
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
