// What Mesos costs a worker: reading offers, deciding about them, and holding the sessions of many idle clusters.
import { benchIdleClusters } from './idle/idle-clusters.ts';
import { benchPlacement } from './mesos/placement.ts';
import { benchRecordIo } from './mesos/record-io.ts';
import { printTable } from './table.ts';

export interface MesosOptions {
  /** 0 leaves the idle clusters out. */
  clusters: number;
  /** For how long the idle clusters are watched. */
  minutes: number;
}

export async function benchMesos({ clusters, minutes }: MesosOptions): Promise<void> {
  printTable('Reading OFFERS events', benchRecordIo());
  printTable('Deciding where nodes go', benchPlacement());
  if (clusters > 0) printTable('Idle clusters on one worker', await benchIdleClusters({ clusters, minutes }));
}
