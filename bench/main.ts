// `npm run bench -- <name> [--pairs N]`: measurements, each against the same work done by hand in the same run.
import { parseArgs } from 'node:util';
import { benchInstall } from './install.ts';

const BENCHES: Record<string, (pairs: number) => Promise<void>> = { install: benchInstall };
/** Fewer pairs than this say nothing about a median on a noisy machine. */
const DEFAULT_PAIRS = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: String(DEFAULT_PAIRS) } },
});
const bench = BENCHES[positionals[0] ?? ''];
const pairs = Number(values.pairs);
if (!bench || !Number.isInteger(pairs) || pairs < 1) {
  console.error(
    `usage: npm run bench -- <${Object.keys(BENCHES).join('|')}> [--pairs N]   (N: a whole number from 1)`,
  );
  process.exit(2);
}
await bench(pairs);
