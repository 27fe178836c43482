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
import type { Line } from './transcript.ts';

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

/** See `oldEndpoints`. */
const OLD_ENDPOINTS =
  '/state /master/state /state-summary /slaves /master/slaves /frameworks /tasks /roles /metrics/snapshot /quota /weights /maintenance/schedule /help / /slaves?slave_id=ec5303e7-ba9f-41f4-b7ff-b8cb963b3f17-S1 /tasks?limit=1&order=asc'.split(
    ' ',
  );
const NOBODY = { type: 'NONE' } as const;
const ANYBODY = { type: 'ANY' } as const;
/** What the master of 08 was told. */
const AUTHENTICATION: Pick<LocalMesosOptions, 'credentials' | 'acls'> = {
  credentials: [
    { principal: 'good', secret: 's3cret' },
    { principal: 'other', secret: 'o' },
  ],
  acls: {
    register_frameworks: [
      { principals: { values: ['good'] }, roles: { values: ['kafka'] } },
      { principals: ANYBODY, roles: NOBODY },
    ],
    run_tasks: [
      { principals: ANYBODY, users: { values: ['root'] } },
      { principals: ANYBODY, users: NOBODY },
    ],
    reserve_resources: [{ principals: ANYBODY, roles: NOBODY }],
    view_flags: [
      { principals: { values: ['good'] }, flags: ANYBODY },
      { principals: ANYBODY, flags: NOBODY },
    ],
    teardown_frameworks: [{ principals: ANYBODY, framework_principals: NOBODY }],
  },
};

describe('local Mesos answers as the recorded Mesos did', () => {
  const recordings: {
    name: string;
    agents: AgentSpec[];
    options?: Partial<LocalMesosOptions>;
    replayed?: ReplayOptions;
    /** Which lines are replayed. */
    only?: (line: Line) => boolean;
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
      name: '05_http_and_validation_errors',
      agents: [AGENT_1],
      // See `deadly`.
      only: ({ t }) => t < 58.4,
    },
    { name: '06_operator_api', agents: [AGENT_1, AGENT_2], replayed: { skip: OLD_ENDPOINTS } },
    { name: '08_auth_401_403', agents: [AGENT_1], options: AUTHENTICATION, only: isNotOldState },
    {
      name: '10_operation_feedback_refinement_volumes',
      agents: [AGENT_1],
      options: { updateRetryIntervalMs: 2_000 },
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
    },
    { name: '14_pod_with_executor_volume_mixed_launch_two_offers', agents: [AGENT_1] },
  ];

  // In real time, filters and retries included: once more for a machine that stood still at the wrong moment.
  it.each(recordings)('in $name', { timeout: 120_000, retry: 1 }, async (recording) => {
    const { name, agents, options, only = () => true, replayed } = recording;
    const started = await startLocalMesos({
      stateDir: directory,
      agents,
      domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-m' } } },
      // The replay says when to allocate, so that what comes back at different moments is offered as recorded.
      allocationIntervalMs: 3_600_000,
      ...options,
    });
    mesos = started;
    expect(await replay(started, readTranscript(name).filter(only), replayed)).toEqual([]);
  });
});

/** The state is answered only to who may read it: that 401 is compared, the state itself is not. */
function isNotOldState({ t }: Line): boolean {
  return t < 2.0776 || t > 2.0866;
}
