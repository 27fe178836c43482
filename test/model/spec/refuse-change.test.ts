import { describe, expect, it } from 'vitest';
import { parseSpec } from '../../../src/model/spec/parse.ts';
import { refuseChange } from '../../../src/model/spec/refuse-change.ts';

const network = { name: 'overlay', domain: 'orders.mesos' };
const specOf = (more: object = {}) => parseSpec({ name: 'orders', ...more });

describe('the change of a spec', () => {
  it.each<[string, object, object, string, RegExp]>([
    ['its name', {}, { name: 'other', role: 'orders-role' }, 'name', /is "other", but must stay "orders"/],
    ['its role', {}, { role: 'x' }, 'role', /is "x", but must stay "orders-role": reservations/],
    ['its principal', {}, { principal: 'x' }, 'principal', /is "x", but must stay "millrace"/],
    ['its user', { user: 'kafka' }, {}, 'user', /is not set, but must stay "kafka"/],
    [
      'its region',
      {},
      { placement: { region: 'us' } },
      'placement.region',
      /is "us", but must stay not set: .*install another cluster there/,
    ],
    [
      'hosts and containers',
      {},
      { network },
      'network',
      /is "a network of containers", but must stay not set/,
    ],
    [
      'less disk',
      { brokers: { disk: { sizeMb: 500 } } },
      { brokers: { disk: { sizeMb: 499 } } },
      'brokers.disk',
      /has 499 MB, but must not be less than the 500 MB of before.*accepted: 500 or more/,
    ],
    [
      'another kind of disk',
      {},
      { controllers: { disk: { type: 'MOUNT' } } },
      'controllers.disk',
      /is of the type MOUNT, but must stay ROOT/,
    ],
    [
      'another profile',
      { brokers: { disks: [{ type: 'MOUNT', sizeMb: 500 }] } },
      { brokers: { disks: [{ type: 'MOUNT', sizeMb: 500, profile: 'fast' }] } },
      'brokers.disks.0',
      /has the profile "fast", but must stay with not set/,
    ],
    [
      'a larger MOUNT disk',
      { brokers: { disk: { type: 'MOUNT', sizeMb: 500 } } },
      { brokers: { disk: { type: 'MOUNT', sizeMb: 600 } } },
      'brokers.disk',
      /wants 600 MB, but must stay at 500 MB/,
    ],
    [
      'more disks',
      { brokers: { disk: { sizeMb: 500 } } },
      { brokers: { disks: [{ sizeMb: 500 }, { sizeMb: 500 }] } },
      'brokers.disks',
      /has 2 disks, but must have the 1 of before/,
    ],
  ])('to %s is refused, with what to do instead', (_what, before, after, path, message) => {
    const issues = refuseChange(specOf(before), specOf(after));
    expect(issues.map((issue) => issue.path)).toEqual([path]);
    expect(issues[0]?.message).toMatch(message);
    expect(issues[0]?.message.startsWith(path)).toBe(true);
  });

  it.each<[string, object, object]>([
    ['nothing', { network }, { network }],
    ['more brokers and memory', {}, { brokers: { count: 5, memMb: 4096 } }],
    ['a larger volume', {}, { brokers: { disk: { sizeMb: 20_000 } } }],
    [
      'the same disk, said as a list',
      { brokers: { disk: { sizeMb: 500 } } },
      { brokers: { disks: [{ sizeMb: 500 }] } },
    ],
    ['another placement', {}, { placement: { brokers: 'rack:GROUP_BY' }, rack: 'rack' }],
    ['the default role and user, written out', {}, { role: 'orders-role', principal: 'millrace' }],
    ['another network of containers', { network }, { network: { ...network, name: 'other' } }],
  ])('to %s is accepted', (_what, before, after) => {
    expect(refuseChange(specOf(before), specOf(after))).toEqual([]);
  });

  it('names everything that is refused at once', () => {
    const issues = refuseChange(
      specOf(),
      specOf({ role: 'x', user: 'y', brokers: { disk: { sizeMb: 64 } } }),
    );
    expect(issues.map(({ path }) => path)).toEqual(['role', 'user', 'brokers.disk']);
  });
});
