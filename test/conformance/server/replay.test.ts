// Local Mesos against recordings of a real Mesos 1.12: it must send what the real one sent.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLocalMesos } from '../../../src/local/mesos/index.ts';
import type { AgentSpec, LocalMesos } from '../../../src/local/mesos/index.ts';
import { replay } from './replay.ts';
import { readTranscript } from './transcript.ts';

const SIZE = { hostname: '127.0.0.1', cpus: 4, memMb: 8192, diskMb: 20_000 };
const AGENT_1: AgentSpec = { ...SIZE, ports: { begin: 9000, end: 9100 } };
const AGENT_2: AgentSpec = {
  ...SIZE,
  ports: { begin: 9200, end: 9300 },
  domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-2' } } },
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
    updateRetryIntervalMs?: number;
    roundsAt?: number[];
  }[] = [
    { name: '01_lifecycle_reserve_create_launch_kill', agents: [AGENT_1, AGENT_2] },
    { name: '01a_reserve_does_not_fit_and_reconcile_unknown', agents: [AGENT_1, AGENT_2] },
    // The offer of what the unhealthy task left over came before its end.
    { name: '02_launch_group_default_executor', agents: [AGENT_1], roundsAt: [40.5] },
    { name: '03_failover_resubscribe_acks', agents: [AGENT_1], updateRetryIntervalMs: 2_000 },
    { name: '14_pod_with_executor_volume_mixed_launch_two_offers', agents: [AGENT_1] },
  ];

  it.each(recordings)(
    'in $name',
    { timeout: 120_000 },
    async ({ name, agents, updateRetryIntervalMs, roundsAt }) => {
      const started = await startLocalMesos({
        stateDir: directory,
        agents,
        domain: { fault_domain: { region: { name: 'region-1' }, zone: { name: 'zone-m' } } },
        // The replay says when to allocate, so that what comes back at different moments is offered as recorded.
        allocationIntervalMs: 3_600_000,
        ...(updateRetryIntervalMs === undefined ? {} : { updateRetryIntervalMs }),
      });
      mesos = started;
      expect(await replay(started, readTranscript(name), roundsAt)).toEqual([]);
    },
  );
});
