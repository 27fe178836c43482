// Clusters on agents that are not all alike, on the real stack: regions and zones, MOUNT disks with profiles, resources that are
// reserved for a parent role, quotas. What a spec asks of them is there in Kafka and in the processes, and all is given back.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterView } from '../../../src/api/schemas/cluster.ts';
import type { PreflightView, WhyView } from '../../../src/api/schemas/placement.ts';
import type { AgentSpec } from '../../../src/local/mesos/index.ts';
import type { Resource } from '../../../src/mesos/types.ts';
import type { PlanProgress } from '../../../src/model/plan/plan.ts';
import { findStep } from '../../../src/model/plan/progress.ts';
import type { ClusterSpecInput } from '../../../src/model/spec/schema.ts';
import { cliAt } from '../../cli/run-cli.ts';
import { logDirsOf, racksOf } from '../../support/kafka-facts.ts';
import { stateIs, stepIs, stepsOf } from '../../support/progress.ts';
import { consumeRecords, produceRecords } from '../../support/records.ts';
import { smallSpec, startTestStack, tinySpec, type TestStack } from '../../support/stack.ts';
import { waitFor } from '../../support/wait-for.ts';

const RECORDS = 200;

const at = (region: string, zone: string, tier: string, more: Partial<AgentSpec>): AgentSpec => ({
  cpus: 2,
  memMb: 2048,
  diskMb: 8192,
  domain: { fault_domain: { region: { name: region }, zone: { name: zone } } },
  attributes: { tier },
  ...more,
});
const MOUNT = { type: 'MOUNT', sizeMb: 1024, profile: 'fast' } as const;
const AGENTS: Record<string, AgentSpec> = {
  reservedA: at('eu', 'a', 'hot', { hostname: '127.0.0.1', reservedTo: 'dept', disks: [MOUNT] }),
  reservedB: at('eu', 'b', 'hot', { hostname: '127.0.0.2', reservedTo: 'dept', disks: [MOUNT] }),
  plain: at('eu', 'a', 'cold', { hostname: '127.0.0.3' }),
  // More of everything than any other: what goes elsewhere does so because it must.
  remote: at('us', 'x', 'cold', { hostname: '127.0.0.4', cpus: 4, memMb: 8192 }),
  // A broker and a controller of the tight cluster fit on these two in one way only.
  tightBig: at('eu', 'a', 'tight', { hostname: '127.0.0.5', cpus: 0.7, memMb: 2048, diskMb: 4096 }),
  tightSmall: at('eu', 'a', 'tight', { hostname: '127.0.0.6', memMb: 1024, diskMb: 1536 }),
};

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ agentSpecs: Object.values(AGENTS), mesos: { domain: 'eu/a' } });
});
afterAll(async () => {
  await stack?.close();
});

const hostsOf = ({ nodes }: ClusterView) => Object.fromEntries(nodes.map(({ name, host }) => [name, host]));
const why = async (name: string) => {
  const { status, body } = await stack.request<WhyView>('GET', `/v1/clusters/${name}/why`);
  if (status !== 200) throw new Error(`why: ${status} ${JSON.stringify(body)}`);
  return body;
};
const setQuota = async (role: string, limits: object) => {
  const response = await fetch(`${stack.urls.mesos}/api/v1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'UPDATE_QUOTA', update_quota: { quota_configs: [{ role, limits }] } }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
};
const processOf = async (task: string) => {
  const found = (await stack.mesos()).tasks.find(({ id, state }) => id === task && state === 'TASK_RUNNING');
  if (found?.pid === undefined) throw new Error(`there is no process of ${task}`);
  return found.pid;
};
/** What all agents have, whatever the order in which Mesos tells it. */
const holdings = async () => {
  const order = ({ name, scalar }: Resource) => `${name} ${scalar?.value ?? ''}`;
  return (await stack.mesos()).agents.map(({ hostname, total }) => ({
    hostname,
    total: total.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)),
  }));
};
const dryRun = async (wanted: ClusterSpecInput) => {
  const path = '/v1/clusters?dryRun=true';
  const { status, body } = await stack.request<PreflightView>('POST', path, wanted);
  if (status !== 200) throw new Error(`dry run: ${status} ${JSON.stringify(body)}`);
  return body;
};
const isReserved = ({ phases }: PlanProgress) => phases[0]?.status === 'COMPLETE';
const abandon = async (operationId: string, name: string) => {
  await stack.request('POST', `/v1/operations/${encodeURIComponent(operationId)}/abort`, { reason: 'seen' });
  await stack.progressUntil(operationId, stateIs('ABORTED'));
  await stack.complete(await stack.uninstall(name));
};

describe('a cluster with two disks a broker, racks, limits, and a role below one that has reservations', () => {
  const name = 'pay';
  const small = smallSpec(name);
  const { disk: _disk, ...brokers } = small.brokers ?? {};
  const spec: ClusterSpecInput = {
    ...small,
    role: 'dept/pay-role',
    rack: '@zone',
    rlimits: { nofile: 12_345, core: 0 },
    recovery: { backoff: { initialSeconds: 1, maxSeconds: 10 } },
    brokers: {
      ...brokers,
      count: 2,
      disks: [
        { type: 'ROOT', sizeMb: 512 },
        { type: 'MOUNT', sizeMb: 700, profile: 'fast' },
      ],
    },
    placement: {
      brokers: [
        ['@zone', 'UNIQUE'],
        ['tier', 'IS', 'hot'],
      ],
      controllers: 'tier:IS:hot',
    },
  };
  const isWhole = ({ status, recoveries, nodes }: ClusterView) =>
    status === 'RUNNING' && recoveries.length === 0 && nodes.every((node) => node.status === 'READY');

  const reasonsIn = ({ nodes }: PreflightView) =>
    nodes.flatMap(({ agents = [] }) => agents.flatMap(({ reasons }) => reasons));

  /** Both directories of each broker serve and hold replicas, and its process has the limits. */
  async function expectAsDeclared(cluster: ClusterView): Promise<void> {
    for (const { host, port, nodeId, task } of cluster.nodes.filter(({ kind }) => kind === 'broker')) {
      const directories = await logDirsOf({ nodeId, host: host!, port: port! });
      expect(directories.map(({ errorCode }) => errorCode)).toEqual([0, 0]);
      expect(new Set(directories.map(({ path }) => path)).size).toBe(2);
      expect(Math.min(...directories.map(({ replicas }) => replicas))).toBeGreaterThan(0);
      const limits = readFileSync(`/proc/${await processOf(task!)}/limits`, 'utf8');
      expect(limits).toMatch(/^Max open files +12345 +12345 /m);
      expect(limits).toMatch(/^Max core file size +0 +0 /m);
    }
  }

  it('runs as declared, keeps its records when a broker is killed, and gives everything back', async () => {
    const before = await holdings();
    // Where it will go is told before, and that without its role it would go nowhere.
    const promised = await dryRun(spec);
    expect([promised.fits, promised.problems]).toEqual([true, []]);
    const stranger = await dryRun({ ...spec, role: 'other-role' });
    expect(stranger.fits).toBe(false);
    expect(reasonsIn(stranger)).toContainEqual(expect.stringMatching(/^reserved for role dept: /));
    await stack.complete(await stack.install(spec));
    const cluster = await stack.cluster(name);
    const { nodes, bootstrapServers } = cluster;
    const zoneOf: Record<string, string> = { '127.0.0.1': 'a', '127.0.0.2': 'b' };
    const wanted = nodes
      .filter(({ kind }) => kind === 'broker')
      .map(({ nodeId, host }) => [nodeId, zoneOf[host!]]);
    expect(wanted.map(([, zone]) => zone).sort()).toEqual(['a', 'b']);
    const first = nodes.find((node) => node.name === 'broker-0')!;
    expect(await racksOf({ nodeId: first.nodeId, host: first.host!, port: first.port! })).toEqual(
      Object.fromEntries(wanted),
    );

    const { reservations, volumes } = await stack.mesos();
    const stacks = reservations
      .map(({ resource }) => resource.reservations?.map(({ type, role }) => `${type} ${role}`).join(' < '))
      .filter((roles) => roles !== 'STATIC dept');
    expect(new Set(stacks)).toEqual(new Set(['STATIC dept < DYNAMIC dept/pay-role']));
    // Two of each broker, one of the controller.
    expect(volumes).toHaveLength(5);
    const late = await dryRun({ ...spec, name: 'late', role: 'dept/late-role' });
    expect(late.fits).toBe(false);
    expect(reasonsIn(late)).toContainEqual(expect.stringMatching(/^reserved for role dept\/pay-role: /));

    await produceRecords(bootstrapServers, RECORDS, { partitions: 6, replicas: 2 });
    await expectAsDeclared(cluster);
    process.kill(await processOf('broker-0.1'), 'SIGKILL');
    const recovered = await waitFor(
      () => stack.cluster(name),
      (seen) => isWhole(seen) && seen.nodes.some(({ task }) => task === 'broker-0.2'),
      { describe: 'broker-0 back in its place', timeoutMs: 90_000 },
    );
    expect(hostsOf(recovered)).toEqual(hostsOf(cluster));
    await expectAsDeclared(recovered);
    await consumeRecords(bootstrapServers, RECORDS);

    await stack.complete(await stack.uninstall(name));
    expect(await holdings()).toEqual(before);
    const after = await stack.mesos();
    expect([after.volumes, after.frameworks]).toEqual([[], []]);
  });
});

describe('a quota that is too small', () => {
  it('is told as the reason, and the install goes on by itself when it is raised', async () => {
    const spec = tinySpec('limited');
    await setQuota('limited-role', { cpus: { value: 0.5 } });
    const { fits, problems } = await dryRun(spec);
    expect(fits).toBe(false);
    expect(problems).toEqual([
      'quota of role limited-role exhausted: cpus limit 0.5, consumed 0.0, wanted 0.9',
    ]);
    const operationId = await stack.install(spec);
    await stack.progressUntil(operationId, stepIs('place:broker-0', 'WAITING'));
    const { waiting, explanations } = await why('limited');
    expect(waiting.map(({ node, stage, status }) => [node, stage, status])).toEqual([
      ['broker-0', 'PLACE', 'WAITING'],
    ]);
    expect(explanations.map(({ everywhere }) => everywhere)).toEqual([
      ['quota of role limited-role exhausted: cpus limit 0.5, consumed 0.3, wanted 0.6'],
    ]);
    expect(explanations[0]?.advice.join()).toMatch(/raise the quota of the role/);
    const { out } = await cliAt(stack.urls.api, ['cluster', 'why', 'limited']);
    expect(out).toContain('quota of role limited-role exhausted: cpus limit 0.5');

    await setQuota('limited-role', { cpus: { value: 0.9 } });
    await stack.complete(operationId);
    // The agent of the other region had more room.
    const plain = AGENTS['plain']!.hostname;
    expect(hostsOf(await stack.cluster('limited'))).toEqual({ 'broker-0': plain, 'controller-0': plain });
    await stack.complete(await stack.uninstall('limited'));
  });
});

describe('agents of another region', () => {
  it('are left alone, with the reason, until placement.region names it', async () => {
    const { name, brokers, ...more } = tinySpec('far');
    const spec = { ...more, name, brokers: { ...brokers, cpus: 3 } };
    const there = { ...spec, placement: { region: 'us' } };
    expect([(await dryRun(spec)).fits, (await dryRun(there)).fits]).toEqual([false, true]);

    const here = await stack.install(spec);
    const waits = await stack.progressUntil(here, stepIs('place:broker-0', 'WAITING'));
    const refusal = "region us is not the masters' (eu); placement.region allows it";
    expect(findStep(waits, 'place:broker-0')?.reason).toContain(refusal);
    const [explanation] = (await why(name)).explanations;
    const remote = explanation?.agents.find(({ hostname }) => hostname === AGENTS['remote']!.hostname);
    expect(remote).toMatchObject({ fits: false, reasons: [refusal], obstacles: ['CONSTRAINT'] });
    expect(explanation?.advice[0]).toMatch(/^loosen .*placement\.region: 127\.0\.0\.4 would have room/);
    await abandon(here, name);

    const remotely = await stack.install(there);
    await stack.progressUntil(remotely, isReserved);
    const host = AGENTS['remote']!.hostname;
    expect(hostsOf(await stack.cluster(name))).toEqual({ 'broker-0': host, 'controller-0': host });
    await abandon(remotely, name);
  });
});

describe('agents with room for the nodes in one order only', () => {
  it('get the controller first', async () => {
    const spec = tinySpec('tight');
    const operationId = await stack.install({
      ...spec,
      // Fits on the agent with the most memory only, which the broker would take first, too.
      controllers: { ...spec.controllers, disk: { sizeMb: 2048 } },
      placement: { brokers: 'tier:IS:tight', controllers: 'tier:IS:tight' },
    });
    const placed = await stack.progressUntil(operationId, isReserved);
    expect(stepsOf(placed).filter(({ status }) => status === 'FAILED')).toEqual([]);
    expect(hostsOf(await stack.cluster('tight'))).toEqual({
      'controller-0': AGENTS['tightBig']!.hostname,
      'broker-0': AGENTS['tightSmall']!.hostname,
    });
    await abandon(operationId, 'tight');
    expect((await stack.mesos()).volumes).toEqual([]);
  });
});
