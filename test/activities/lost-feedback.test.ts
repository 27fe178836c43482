// A placement whose feedback is lost: Mesos is looked at, and what is there decides what is done again.
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlaceNodeInput } from '../../src/activities/contract.ts';
import { LOOK_AGAIN_MS, placeNode } from '../../src/activities/place-node.ts';
import { createScheduler, portRange, scalar, type Scheduler } from '../../src/mesos/index.ts';
import type { Offer, OfferOperation, Resource, SchedulerCall } from '../../src/mesos/types.ts';
import type { Placement } from '../../src/model/cluster.ts';
import { parseSpec } from '../../src/model/spec/parse.ts';
import { placementOf } from '../model/clusters.ts';
import { anOffer, fakeSubscription, type FakeSubscription } from '../mesos/fake-subscription.ts';
import { masterServer, type MasterServer } from '../mesos/master-server.ts';

const SPEC = parseSpec({ name: 'orders', role: 'orders-role' });
const session = { epoch: 1, frameworkId: 'f', streamId: 's', master: 'http://10.0.0.1:5050', taskQueue: 'q' };
const FREE = [scalar('cpus', 16), scalar('mem', 64_000), scalar('disk', 1_000_000), portRange(9_092)];

type Accept = Extract<SchedulerCall, { type: 'ACCEPT' }>['accept'];

/** What Mesos makes of the ACCEPTs, one after the other: which operations it carries out, and what it says of each. */
type Fate = { done: OfferOperation['type'][]; says: string };

let fake: FakeSubscription;
let scheduler: Scheduler;
let master: MasterServer;
/** What is reserved on the one agent. */
let reserved: Resource[];
let accepts: Accept[];
let offered = 0;
let offersReserved: boolean;
let waits: (string | null)[];
beforeEach(async () => {
  offersReserved = true;
  waits = [];
  reserved = [];
  accepts = [];
  fake = fakeSubscription();
  scheduler = createScheduler({
    subscription: fake,
    role: 'orders-role',
    onTaskStatus: () => Promise.resolve(),
  });
  void scheduler.run();
  master = await masterServer((_request, response) => {
    const agent_info = { id: { value: 'agent-1' }, hostname: 'agent-1.example' };
    const total_resources = [...FREE, ...reserved];
    response.end(
      JSON.stringify({
        type: 'GET_AGENTS',
        get_agents: { agents: [{ agent_info, active: true, total_resources }] },
      }),
    );
  });
});
afterEach(async () => {
  scheduler.close();
  await master.close();
});

const offer = (): Offer =>
  anOffer(`o${(offered += 1)}`, 'agent-1', [...FREE, ...(offersReserved ? reserved : [])]);

function carryOut(operation: OfferOperation): void {
  if (operation.type === 'RESERVE') reserved.push(...operation.reserve.resources);
  if (operation.type === 'CREATE') reserved.push(...operation.create.volumes);
}

async function place(fates: Fate[]): Promise<Placement> {
  fake.answer = (call) => {
    if (call.type === 'REVIVE') fake.offer(offer());
    if (call.type !== 'ACCEPT') return Promise.resolve();
    const fate = fates[accepts.length] ?? { done: ['RESERVE', 'CREATE'], says: 'OPERATION_FINISHED' };
    accepts.push(call.accept);
    for (const operation of call.accept.operations)
      if (fate.done.includes(operation.type)) carryOut(operation);
    setImmediate(() => {
      for (const operation of call.accept.operations)
        if ('id' in operation)
          fake.operation({ ...(operation.id && { operation_id: operation.id }), state: fate.says });
    });
    return Promise.resolve();
  };
  const input: PlaceNodeInput = {
    caller: { operationWorkflowId: 'kafka/orders/install#1', step: 'reserve:broker-0' },
    session,
    cluster: 'orders',
    incarnation: 'i1',
    spec: SPEC,
    node: { name: 'broker-0', kind: 'broker' },
    placementNumber: 1,
    others: [0, 1, 2].map((n) => ({
      name: `controller-${n}`,
      kind: 'controller',
      placement: placementOf(`controller-${n}`),
    })),
  };
  const held = { info: session, scheduler, placed: new Map(), leftovers: false };
  const waiting = {
    set: (reason: string | null) => void waits.push(reason),
    signal: new AbortController().signal,
  };
  const run: Promise<Placement> = new MockActivityEnvironment().run(() =>
    placeNode({ mesos: { masters: [master.url] }, sessions: new Map([['orders', held]]) }, input, waiting),
  );
  return run;
}

const operations = () => accepts.map((accept) => accept.operations.map(({ type }) => type));
const volumes = () => reserved.flatMap(({ disk }) => (disk?.persistence ? [disk.persistence.id] : []));

describe('a placement', () => {
  it('is done in one ACCEPT', async () => {
    const placement = await place([]);
    expect(placement).toMatchObject({ agentId: 'agent-1', port: 9_092 });
    expect(operations()).toEqual([['RESERVE', 'CREATE']]);
    expect(volumes()).toEqual([placement.volumeId]);
  });

  it.each(['OPERATION_UNKNOWN', 'OPERATION_DROPPED', 'OPERATION_UNREACHABLE'])(
    'is done again when Mesos did nothing and says %s',
    async (says) => {
      const placement = await place([
        { done: [], says },
        { done: [], says },
      ]);
      expect(operations()).toHaveLength(3);
      expect(volumes()).toEqual([placement.volumeId]);
    },
  );

  it('is found, and nothing is reserved twice, when Mesos did all and knows nothing of it any more', async () => {
    const placement = await place([{ done: ['RESERVE', 'CREATE'], says: 'OPERATION_UNKNOWN' }]);
    expect(operations()).toEqual([['RESERVE', 'CREATE']]);
    expect(volumes()).toEqual([placement.volumeId]);
  });

  it('gets its volume on what is reserved when only that was done', async () => {
    const placement = await place([{ done: ['RESERVE'], says: 'OPERATION_UNKNOWN' }]);
    expect(operations()).toEqual([['RESERVE', 'CREATE'], ['CREATE']]);
    expect(volumes()).toEqual([placement.volumeId]);
  });

  it('does not wait for what was reserved and is not any more', async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const look = new AbortController();
    const spy = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation((ms) => (ms === LOOK_AGAIN_MS ? look.signal : timeout(ms)));
    offersReserved = false;
    const placed = place([{ done: ['RESERVE'], says: 'OPERATION_UNKNOWN' }]);
    await expect
      .poll(() => waits.at(-1), { timeout: 5_000 })
      .toContain('an offer of what is reserved for broker-0 on agent-1.example');
    // The agent has come back without it.
    reserved = [];
    look.abort(new DOMException('no answer in time', 'TimeoutError'));
    const placement = await placed;
    spy.mockRestore();
    expect(operations()).toEqual([
      ['RESERVE', 'CREATE'],
      ['RESERVE', 'CREATE'],
    ]);
    expect(volumes()).toEqual([placement.volumeId]);
  });
});
