// Local Mesos against recordings of a real Mesos 1.12: it must send what the real one sent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLocalMesos } from '../../../src/local/mesos/index.ts';
import type { AgentSpec, LocalMesos, LocalMesosOptions } from '../../../src/local/mesos/index.ts';
import { AGENTS_LOST_AND_BACK, REPLICATED_LOG, THREE_MASTERS } from './happenings.ts';
import { replay } from './replay.ts';
import type { ReplayOptions } from './replay.ts';
import { readTranscript } from './transcript.ts';

const SIZE = { hostname: '127.0.0.1', cpus: 4, memMb: 8192, diskMb: 20_000 };
const AGENT_1: AgentSpec = { ...SIZE, ports: { begin: 9000, end: 9100 } };
const AGENT_2: AgentSpec = {
  ...SIZE,
  ports: { begin: 9200, end: 9300 },
  domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-2' } } },
};
const AGENT_3: AgentSpec = {
  ...SIZE,
  ports: { begin: 9400, end: 9500 },
  domain: { fault_domain: { region: { name: 'region-2' }, zone: { name: 'zone-3' } } },
};
const AGENT_OF_11: AgentSpec = {
  hostname: '127.0.0.1',
  cpus: 4,
  memMb: 4096,
  diskMb: 4096,
  attributes: {},
  ports: { begin: 31_000, end: 32_000 },
};

let directory: string;
let mesos: LocalMesos | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'local-mesos-'));
});
afterEach(async () => {
  await mesos?.stop({ killTasks: true });
  mesos = undefined;
  rmSync(directory, { recursive: true, force: true });
});

describe('local Mesos answers as the recorded Mesos did', () => {
  const recordings: {
    name: string;
    agents: AgentSpec[];
    options?: Partial<LocalMesosOptions>;
    replayed?: ReplayOptions;
    /** Time at which the replay ends; see `resizing`. */
    until?: number;
  }[] = [
    { name: '01_lifecycle_reserve_create_launch_kill', agents: [AGENT_1, AGENT_2] },
    { name: '01a_reserve_does_not_fit_and_reconcile_unknown', agents: [AGENT_1, AGENT_2] },
    // The offer of what the unhealthy task left over came before its end.
    { name: '02_launch_group_default_executor', agents: [AGENT_1], replayed: { roundsAt: [40.5] } },
    { name: '03_failover_resubscribe_acks', agents: [AGENT_1], options: { updateRetryIntervalMs: 2_000 } },
    {
      name: '04_agent_lost_partition_master_failover',
      agents: [AGENT_1, AGENT_2],
      replayed: { happenings: AGENTS_LOST_AND_BACK },
    },
    {
      name: '09_offer_timeout_filters_rescind_constraints',
      agents: [AGENT_1, AGENT_2],
      options: { offerTimeoutMs: 1_000 },
      replayed: { pace: 0.25 },
    },
    {
      name: '11_ha_leader_election_307_503',
      agents: [AGENT_OF_11],
      options: { masters: 3, domain: undefined },
      replayed: { happenings: THREE_MASTERS, masterPorts: [5061, 5062, 5063], agentPort: 5071 },
    },
    {
      name: '13_variants_non_partition_aware_regions_killing_grow_replicated_log_failover',
      agents: [AGENT_1, AGENT_2, AGENT_3],
      replayed: { happenings: REPLICATED_LOG },
      until: 42.4742,
    },
    { name: '14_pod_with_executor_volume_mixed_launch_two_offers', agents: [AGENT_1] },
  ];

  it.each(recordings)(
    'in $name',
    { timeout: 120_000 },
    async ({ name, agents, options, replayed, until = Infinity }) => {
      const started = await startLocalMesos({
        stateDir: directory,
        agents,
        domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-m' } } },
        // The replay says when to allocate, so that what comes back at different moments is offered as recorded.
        allocationIntervalMs: 3_600_000,
        ...options,
      });
      mesos = started;
      const lines = readTranscript(name).filter(({ t }) => t < until);
      expect(await replay(started, lines, replayed)).toEqual([]);
    },
  );
});
