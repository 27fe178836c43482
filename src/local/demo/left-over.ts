// Looks for what an uninstalled cluster left: in local Mesos, and among the processes of the machine.
import { join } from 'node:path';
import { argumentsOf, processesIn, type Stack } from '../stack/index.ts';
import { localState } from './local-state.ts';

/** A process that was told to end, and an agent's bookkeeping, take a moment. */
const SETTLE_MS = 10_000;
const POLL_MS = 100;
/** Characters; the class path of a JVM is long. */
const COMMAND_SHOWN = 200;

/** What is left, one line each; empty when nothing is. Waits some seconds for what is about to go. */
export async function leftOver(stack: Stack): Promise<string[]> {
  const endMs = Date.now() + SETTLE_MS;
  for (;;) {
    const left = await look(stack);
    if (left.length === 0 || Date.now() > endMs) return left;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function look({ urls, directory }: Stack): Promise<string[]> {
  const state = await localState(urls.mesos);
  return [
    ...state.frameworks.map(({ id, name }) => `framework ${name} (${id})`),
    ...state.tasks.map(({ id, state: taskState }) => `task ${id} (${taskState})`),
    ...state.executors.map(({ id }) => `executor ${id}`),
    ...state.volumes.map(({ id, agentId }) => `volume ${id} on ${agentId}`),
    ...state.reservations.map(({ resource, agentId }) => `reservation of ${resource.name} on ${agentId}`),
    ...processesIn(join(directory, 'mesos')).map(
      ({ pid }) => `process ${pid}: ${argumentsOf(pid).join(' ').slice(0, COMMAND_SHOWN)}`,
    ),
  ];
}
