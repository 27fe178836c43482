// Picks the ports of a local stack: the well-known ones when they are free, else others that stay free over restarts.
import { createServer } from 'node:net';

/** Below what agents offer (21000) and what Linux picks for outgoing connections (32768), so that nobody takes one. */
const RANGE = { begin: 12_000, end: 19_999 };
/** Agents of one stack offer ports of one block: 20 agents with 100 ports each. */
const BLOCK = { begin: 21_000, size: 2_000, count: 5 };
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

/** The first port of a block for agents in which nothing listens; the first block when all look used. */
export async function pickAgentPorts(): Promise<number> {
  for (let block = 0; block < BLOCK.count; block++) {
    const begin = BLOCK.begin + block * BLOCK.size;
    const free = await Promise.all(TRIED_IN_BLOCK.map((offset) => isFree(begin + offset)));
    if (free.every(Boolean)) return begin;
  }
  return BLOCK.begin;
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
