// Picks the ports of a local stack: the well-known ones when they are free, else others that stay free over restarts.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { argumentsOf } from './processes.ts';

/** Below what agents offer (21000) and what Linux picks for outgoing connections (32768), so that nobody takes one. */
const RANGE = { begin: 12_000, end: 19_999 };
/** Agents of one stack offer ports of one block: 10 agents with 100 ports each. Real Mesos agents offer 31000 and on. */
const BLOCK = { begin: 21_000, size: 1_000, count: 10 };
/** Ports of a block that are tried: each agent of the usual four begins with the lowest of its hundred. */
const TRIED_IN_BLOCK = [0, 1, 2, 100, 101, 200, 201, 300, 301];

/** Picks ports, each only once. */
export function createPortPicker(onNote: (note: string) => void) {
  const taken = new Set<number>();
  const take = async (port: number): Promise<boolean> => {
    if (taken.has(port) || !(await isFree(port))) return false;
    taken.add(port);
    return true;
  };
  const any = async (): Promise<number> => {
    const size = RANGE.end - RANGE.begin + 1;
    const first = Math.floor(Math.random() * size);
    for (let i = 0; i < size; i++) {
      const port = RANGE.begin + ((first + i) % size);
      if (await take(port)) return port;
    }
    throw new Error(`no port from ${RANGE.begin} to ${RANGE.end} is free`);
  };
  return {
    any,
    /** `wanted`, or another with a note when it is taken; 0 is any. */
    prefer: async (wanted: number, what: string): Promise<number> => {
      if (wanted === 0) return any();
      if (await take(wanted)) return wanted;
      const port = await any();
      onNote(`port ${wanted} is taken, so ${what} listens on ${port}`);
      return port;
    },
  };
}

/**
 * The first port of a block for agents that no other stack of this machine has and in which nothing listens. Any such
 * block, not the first, so that stacks that are started at the same moment hardly ever take the same.
 */
export async function pickAgentPorts(): Promise<number> {
  const held = new Set(firstPortsInUse());
  const first = Math.floor(Math.random() * BLOCK.count);
  for (let i = 0; i < BLOCK.count; i++) {
    const begin = BLOCK.begin + ((first + i) % BLOCK.count) * BLOCK.size;
    if (held.has(begin)) continue;
    const free = await Promise.all(TRIED_IN_BLOCK.map((offset) => isFree(begin + offset)));
    if (free.every(Boolean)) return begin;
  }
  throw new Error(
    `each of the ${BLOCK.count} blocks of ports for agents from ${BLOCK.begin} on is in use: stop another local stack`,
  );
}

/** `--first-port` of every local Mesos that runs: its agents' ports may be reserved with nobody listening yet. */
function firstPortsInUse(): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      const args = argumentsOf(Number(pid));
      const flag = args.indexOf('--first-port');
      return flag === -1 ? [] : [Number(args[flag + 1])];
    });
}

/** Whether nothing listens on a port, on loopback or on all addresses. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '0.0.0.0', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
