// `npm run chaos [-- --operation NAME … --fault NAME …]`: every operation with every fault, or those named, as a table.
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import { startTestStack } from '../support/stack.ts';
import { runCell, type CellResult } from './cell.ts';
import { FAULTS } from './faults.ts';
import { AGENTS, OPERATIONS, SPEC } from './operations.ts';

const { values } = parseArgs({
  options: {
    operation: { type: 'string', multiple: true },
    fault: { type: 'string', multiple: true },
    out: { type: 'string' },
  },
});
const operations = OPERATIONS.filter(({ name }) => values.operation?.includes(name) ?? true);
const faults = FAULTS.filter(({ name }) => values.fault?.includes(name) ?? true);
if (operations.length === 0 || faults.length === 0) {
  console.error(
    `Accepted: --operation ${OPERATIONS.map(({ name }) => `"${name}"`).join(' | ')}\n          --fault ${FAULTS.map(({ name }) => `"${name}"`).join(' | ')}`,
  );
  process.exit(2);
}
const results: CellResult[] = [];
const stack = await startTestStack({ agents: AGENTS });
try {
  await stack.complete(await stack.install(SPEC));
  // Fault by fault: what one operation adds, a later one of the list takes away again.
  for (const fault of faults)
    for (const operation of operations) {
      const result = await runCell(stack, operation, fault).catch((error: unknown): CellResult => ({
        operation: operation.name,
        fault: fault.name,
        state: 'unknown',
        seconds: 0,
        acknowledged: 0,
        longestGapMs: 0,
        wrong: [error instanceof Error ? error.message.slice(0, 300) : String(error)],
      }));
      results.push(result);
      console.log(lineOf(result));
    }
} finally {
  await stack.close();
}
const table = [
  '| operation | fault | ended | seconds | acknowledged | longest gap (ms) | wrong |',
  '|---|---|---|---|---|---|---|',
  ...results.map(lineOf),
].join('\n');
console.log(`\n${table}`);
if (values.out !== undefined) writeFileSync(values.out, `${table}\n`);
process.exit(results.some(({ wrong }) => wrong.length > 0) ? 1 : 0);

function lineOf({ operation, fault, state, seconds, acknowledged, longestGapMs, wrong }: CellResult): string {
  return `| ${operation} | ${fault} | ${state} | ${seconds} | ${acknowledged} | ${longestGapMs} | ${wrong.join('; ') || 'nothing'} |`;
}
