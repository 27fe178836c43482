// The commands of the local stack: up, down, demo, and the agents of local Mesos.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { processIo } from '../cli/io.ts';
import { columns } from '../cli/output.ts';
import { MillraceError } from '../model/errors.ts';
import type { AgentSpec, LocalState } from './mesos/index.ts';
import type { Stack } from './stack/index.ts';

interface UpOptions {
  agents?: number;
  agentsFile?: string;
  workers?: number;
  temporalPort?: number;
  uiPort?: number;
  mesosPort?: number;
  apiPort?: number;
}
interface AgentOptions {
  cpus: number;
  memMb: number;
  diskMb: number;
  hostname?: string;
  file?: string;
}

const KEEP_ALIVE_MS = 60_000;
/** After Ctrl-C, as shells count it. */
const INTERRUPTED = 130;

/** Adds the commands of this file to the program. Their code is loaded only when one of them runs. */
export function registerLocalCommands(program: Command): void {
  program
    .command('up')
    .description('start a local stack that stays: Temporal with its UI, local Mesos, worker, API')
    .option('--agents <n>', 'agents of local Mesos (default: 4)', whole)
    .option(
      '--agents-file <file>',
      'agents one by one, instead of --agents: a JSON array of what `local agent add --file` takes',
    )
    .option('--workers <n>', 'worker processes (default: 1)', whole)
    .option('--temporal-port <port>', 'default: 7233; 0 is any', whole)
    .option('--ui-port <port>', 'of the Temporal UI (default: 8233)', whole)
    .option('--mesos-port <port>', 'default: 5050', whole)
    .option('--api-port <port>', 'default: 7070', whole)
    .action(up);
  program
    .command('down')
    .description('stop the local stack with all Kafka processes that it runs')
    .option('--wipe', 'remove its state too: clusters, their data, the history in Temporal')
    .action(down);
  program
    .command('demo')
    .description('see it work: a stack of its own, a Kafka cluster, records through it; Ctrl-C undoes all')
    .option('--exit', 'uninstall at the end, check that nothing is left, print one line of JSON')
    .action(demo);
  const agent = program
    .command('local')
    .description('the parts of the local stack')
    .command('agent')
    .description('agents of local Mesos');
  agent.command('list').description('agents with what they have and run').action(listAgents);
  agent
    .command('add')
    .description('add an agent')
    .option('--cpus <n>', 'CPUs', number, 8)
    .option('--mem-mb <n>', 'memory', whole, 16_384)
    .option('--disk-mb <n>', 'disk', whole, 100_000)
    .option('--hostname <name>', 'default: the next of 127.0.0.1, 127.0.0.2, …')
    .option(
      '--file <file>',
      'one agent as JSON instead: cpus, memMb, diskMb, disks, reservations, reservedTo, domain, …',
    )
    .action(addAgent);
  agent.command('remove <id>').description('lose an agent with all that it runs').action(removeAgent);
}

async function up(options: UpOptions): Promise<void> {
  const io = processIo();
  const { openStack, startStack } = await import('./stack/index.ts');
  const known = openStack();
  if (known?.missing().length === 0) {
    io.out(`The local stack is up already.\n${addresses(known)}`);
    return;
  }
  const { progressDisplay } = await import('./components/index.ts');
  const { temporalPort, uiPort, mesosPort, apiPort, agents, agentsFile, workers } = options;
  await interruptible(async (signal) => {
    const stack = await startStack({
      ports: {
        ...(temporalPort === undefined ? {} : { temporal: temporalPort }),
        ...(uiPort === undefined ? {} : { ui: uiPort }),
        ...(mesosPort === undefined ? {} : { mesos: mesosPort }),
        ...(apiPort === undefined ? {} : { api: apiPort }),
      },
      ...(agents === undefined ? {} : { agents: { count: agents } }),
      ...(agentsFile === undefined ? {} : { agentSpecs: await readAgents(agentsFile) }),
      ...(workers === undefined ? {} : { workers }),
      onProgress: progressDisplay(process.stdout).onProgress,
      onNote: (note) => {
        io.out(`note: ${note}\n`);
      },
      signal,
    });
    io.out(
      `The local stack is up${known ? ', with the state, ports and sizes that it had' : ''}.\n${addresses(stack)}`,
    );
  });
}

function addresses({ urls, directory }: Stack): string {
  return (
    `Temporal UI    ${urls.temporalUi}\nTemporal       ${urls.temporalAddress}\nAPI            ${urls.api}/reference\n` +
    `Local Mesos    ${urls.mesos}\nState, logs    ${directory}\n`
  );
}

async function down({ wipe = false }: { wipe?: boolean }): Promise<void> {
  const { openStack } = await import('./stack/index.ts');
  const stack = openStack();
  if (!stack) {
    process.stdout.write('There is no local stack.\n');
    return;
  }
  await stack.stop({ tasks: true, wipe });
  process.stdout.write(
    wipe
      ? 'The local stack is stopped, and its state is removed.\n'
      : `The local stack is stopped. Its state is kept in ${stack.directory}\n`,
  );
}

async function demo({ exit = false }: { exit?: boolean }): Promise<void> {
  const { runDemo } = await import('./demo.ts');
  await interruptible((signal) => runDemo({ exit, io: processIo(), signal }));
}

/** Runs something that Ctrl-C ends in order; a second Ctrl-C does not hurry it, since it would leave processes behind. */
async function interruptible(act: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const abort = () => {
    process.exitCode = INTERRUPTED;
    controller.abort(new MillraceError('INTERNAL', 'Interrupted; what was started is stopped.'));
  };
  for (const name of signals) process.on(name, abort);
  // Waiting for a signal alone does not keep Node running.
  const alive = setInterval(() => undefined, KEEP_ALIVE_MS);
  try {
    await act(controller.signal);
  } finally {
    clearInterval(alive);
    for (const name of signals) process.off(name, abort);
  }
}

async function listAgents(): Promise<void> {
  const state = (await mesos('GET', '/local/state')) as LocalState;
  const scalar = (agent: LocalState['agents'][number], name: string) =>
    agent.total.reduce(
      (sum, resource) => sum + (resource.name === name ? (resource.scalar?.value ?? 0) : 0),
      0,
    );
  const rows = state.agents.map((agent) => [
    agent.id,
    agent.hostname,
    scalar(agent, 'cpus'),
    scalar(agent, 'mem'),
    scalar(agent, 'disk'),
    state.tasks
      .filter(({ agentId }) => agentId === agent.id)
      .map(({ id }) => id)
      .join(' '),
  ]);
  process.stdout.write(`${columns(['AGENT', 'HOST', 'CPUS', 'MEM MB', 'DISK MB', 'TASKS'], rows)}\n`);
}

async function addAgent({ cpus, memMb, diskMb, hostname, file }: AgentOptions): Promise<void> {
  const flags = { cpus, memMb, diskMb, ...(hostname === undefined ? {} : { hostname }) };
  const body = file === undefined ? flags : readJson(file);
  const added = (await mesos('POST', '/local/agents', body)) as { id: string; hostname: string };
  process.stdout.write(`Added agent ${added.id} on ${added.hostname}\n`);
}

async function removeAgent(id: string): Promise<void> {
  await mesos('DELETE', `/local/agents/${encodeURIComponent(id)}`);
  process.stdout.write(`Removed agent ${id}\n`);
}

/** Agents of a file. @throws MillraceError REQUEST_INVALID when it does not hold any */
async function readAgents(file: string): Promise<AgentSpec[]> {
  const { z } = await import('zod');
  const { agentSpecsSchema, reservationProblem } = await import('./mesos/agent-spec.ts');
  const read = agentSpecsSchema.safeParse(readJson(file));
  const problem = read.success
    ? read.data.map(reservationProblem).find((one) => one !== undefined)
    : z.prettifyError(read.error);
  if (read.success && problem === undefined) return read.data;
  throw new MillraceError(
    'REQUEST_INVALID',
    `${file} does not hold agents: ${problem ?? ''}. Nothing was started.`,
  );
}

function readJson(file: string): object {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object;
  } catch (error) {
    throw new MillraceError(
      'REQUEST_INVALID',
      `${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}. Nothing was changed.`,
      { cause: error },
    );
  }
}

/** Asks the control API of the local stack's Mesos. */
async function mesos(method: string, path: string, body?: object): Promise<unknown> {
  const { openStack } = await import('./stack/index.ts');
  const stack = openStack();
  if (!stack || stack.missing().includes('mesos'))
    throw new MillraceError(
      'MESOS_UNREACHABLE',
      'There is no local stack with a running Mesos. Start one with "millrace up".',
    );
  const response = await fetch(`${stack.urls.mesos}${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const answer = (await response.json()) as { error?: string };
  if (response.ok) return answer;
  throw new MillraceError(
    response.status === 404 ? 'NOT_FOUND' : 'REQUEST_INVALID',
    answer.error ?? `local Mesos answered ${response.status}`,
  );
}

function whole(text: string): number {
  const value = number(text);
  if (Number.isInteger(value)) return value;
  throw new MillraceError('REQUEST_INVALID', `${text} is not a whole number`);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new MillraceError('REQUEST_INVALID', `${text} is not a number of 0 or more`);
}
