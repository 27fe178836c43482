// `npm run bench -- <name> [options]`: measurements, each against the same work done by hand in the same run.
import { parseArgs } from 'node:util';
import { benchDynamic, benchReassign, benchRoll } from './changes.ts';
import { benchInstall } from './install.ts';
import { benchMesos } from './mesos.ts';

const BENCHES: Record<string, () => Promise<void>> = {
  install: () => benchInstall(numbers.pairs),
  mesos: () => benchMesos(numbers),
  roll: () => benchRoll(numbers.pairs),
  reassign: () => benchReassign(),
  dynamic: () => benchDynamic(numbers.pairs),
};
/** Fewer pairs than this say nothing about a median on a noisy machine. */
const DEFAULT_PAIRS = 10;
/** Enough to see a trend; the design's figure is for 1000. */
const DEFAULT_CLUSTERS = 100;
const DEFAULT_MINUTES = 2;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: String(DEFAULT_PAIRS) },
    clusters: { type: 'string', default: String(DEFAULT_CLUSTERS) },
    minutes: { type: 'string', default: String(DEFAULT_MINUTES) },
  },
});
const numbers = {
  pairs: Number(values.pairs),
  clusters: Number(values.clusters),
  minutes: Number(values.minutes),
};
const bench = BENCHES[positionals[0] ?? ''];
const isWhole = (value: number, least: number) => Number.isInteger(value) && value >= least;
if (!bench || !isWhole(numbers.pairs, 1) || !isWhole(numbers.clusters, 0) || !isWhole(numbers.minutes, 1)) {
  console.error(
    'usage: npm run bench -- install [--pairs N]                  N from 1\n' +
      '       npm run bench -- mesos [--clusters N] [--minutes M]   N from 0 (no idle clusters), M from 1\n' +
      '       npm run bench -- roll [--pairs N] | reassign | dynamic [--pairs N]',
  );
  process.exit(2);
}
await bench();
