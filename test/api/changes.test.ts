// The routes that change a cluster which serves: what they ask of it, and what they refuse at once.
import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/api/app.ts';
import type { Gateway } from '../../src/api/gateway.ts';
import { MillraceError } from '../../src/model/errors.ts';
import { fakeGateway } from './fake-gateway.ts';

let app: Awaited<ReturnType<typeof buildApp>> | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function post(path: string, payload: object = {}, answers: Partial<Gateway> = {}) {
  const gateway = fakeGateway(answers);
  app = await buildApp({ gateway, namespace: 'default' });
  const request: InjectOptions = {
    method: 'POST',
    url: `/v1/clusters/orders/${path}`,
    payload,
    headers: { 'x-requested-by': 'ann', 'idempotency-key': 'k1' },
  };
  const answer = await app.inject(request);
  return { status: answer.statusCode, body: answer.json(), asked: gateway.asked };
}

describe('a change of a cluster that serves', () => {
  it.each([
    [
      'restart',
      { nodes: ['broker-1'], reason: 'kernel' },
      { kind: 'restart', nodes: ['broker-1'], reason: 'kernel' },
    ],
    ['restart', { rack: 'r1', queue: true }, { kind: 'restart', rack: 'r1', queue: true }],
    ['rebalance', { approved: true }, { kind: 'rebalance', approved: true }],
    ['nodes/broker-1/pause', {}, { kind: 'pauseNode', node: 'broker-1' }],
    ['nodes/broker-1/resume', {}, { kind: 'resumeNode', node: 'broker-1' }],
    ['nodes/broker-1/restart', {}, { kind: 'restart', nodes: ['broker-1'] }],
    ['scale', { remove: ['2'] }, { kind: 'apply', remove: ['broker-2'] }],
    [
      'apply?rebalance=false&queue=true',
      { name: 'orders' },
      { kind: 'apply', rebalance: false, queue: true },
    ],
  ])('%s with %j is asked of the cluster, and answered with the plan', async (path, payload, request) => {
    const { status, body, asked } = await post(path, payload);
    expect(status).toBe(202);
    expect(body.planHash).toMatch(/^[0-9a-f]{64}$/);
    const [, name, seen, key] = asked.find(([what]) => what === 'change') ?? [];
    expect([name, seen, key]).toEqual([
      'orders',
      expect.objectContaining({ ...request, requestedBy: 'ann' }),
      'k1',
    ]);
  });

  it('keeps hours as the workflows want them', async () => {
    const { asked } = await post('restart', { window: 'sat,sun 22:00-06:00' });
    expect(asked.find(([what]) => what === 'change')?.[2]).toMatchObject({ window: expect.any(Object) });
  });

  it.each([
    ['scale', { brokers: 0 }, 'brokers is 0: '],
    ['scale', { brokers: 2.5 }, 'brokers is 2.5: '],
    ['rebalance', { throttleBytesPerSecond: 5 }, 'throttleBytesPerSecond is 5: '],
    ['restart', { nodes: [] }, 'nodes is []: '],
    ['restart', { node: ['1'] }, 'node'],
    ['restart', { window: '25:00-3' }, 'window is "25:00-3", but must be hours'],
    ['nodes/broker-1/replace', { force: true }, 'reason: must say why'],
    ['apply?rebalanse=false', { name: 'orders' }, 'rebalanse'],
    ['apply', { name: 'parcels' }, 'The spec is of cluster parcels'],
  ])('%s with %j is refused, and says what was sent', async (path, payload, words) => {
    const { status, body, asked } = await post(path, payload);
    expect([status, body.error.code]).toEqual([400, 'REQUEST_INVALID']);
    expect(body.error.message).toContain(words);
    expect(body.error.message).toContain('nothing was changed');
    expect(asked.filter(([what]) => what === 'change')).toEqual([]);
  });

  it('that is none is answered with 200', async () => {
    const nothing = () =>
      Promise.reject(new MillraceError('NOTHING_TO_DO', 'as the spec says', { details: { generation: 4 } }));
    const { status, body } = await post('apply', { name: 'orders' }, { change: nothing });
    expect([status, body]).toEqual([200, { unchanged: true, generation: 4 }]);
  });

  it('that would break safety is answered with 422', async () => {
    const refused = () => Promise.reject(new MillraceError('CHANGE_REFUSED', 'orders-1 has 3 replicas'));
    const { status, body } = await post('scale', { brokers: 2 }, { change: refused });
    expect([status, body.error.code]).toEqual([422, 'CHANGE_REFUSED']);
  });
});
