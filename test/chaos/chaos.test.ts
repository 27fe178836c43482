// A part of the matrix of operations and faults; `npm run chaos` runs all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { runCell } from './cell.ts';
import { FAULTS } from './faults.ts';
import { AGENTS, OPERATIONS, SPEC } from './operations.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ agents: AGENTS });
  await stack.complete(await stack.install(SPEC));
});
afterAll(async () => {
  await stack?.close();
});

const CELLS = [
  ['scale out', 'Mesos master failover'],
  ['rebalance', 'worker killed after each step'],
  ['scale in', 'all workers down'],
  ['restart', 'another broker killed'],
  ['update (dynamic)', 'Temporal restarted'],
  ['recover', 'worker frozen and woken'],
] as const;

describe('an operation survives, and no record is lost', () => {
  it.each(CELLS)('%s: %s', async (operationName, faultName) => {
    const operation = OPERATIONS.find(({ name }) => name === operationName)!;
    const fault = FAULTS.find(({ name }) => name === faultName)!;
    const result = await runCell(stack, operation, fault);
    expect(result.wrong).toEqual([]);
    expect(result.acknowledged).toBeGreaterThan(50);
  });
});
