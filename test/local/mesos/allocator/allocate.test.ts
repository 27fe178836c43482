import { describe, expect, it } from 'vitest';
import { allocate } from '../../../../src/local/mesos/allocator/allocate.ts';
import type { AllocationInput } from '../../../../src/local/mesos/allocator/allocate.ts';
import { isFiltered, refuseMs } from '../../../../src/local/mesos/allocator/filters.ts';
import { toPool } from '../../../../src/local/mesos/resources/pool.ts';
import { RESERVATION, ports, scalar, volume } from '../support/resources.ts';

const WHOLE = toPool([scalar('cpus', 4), scalar('mem', 1000), ports(1, 9)]);

function input(given: Partial<AllocationInput>): AllocationInput {
  return {
    agents: [
      { agentId: 'S0', available: WHOLE },
      { agentId: 'S1', available: WHOLE },
    ],
    candidates: [],
    cluster: toPool([scalar('cpus', 8), scalar('mem', 2000)]),
    isFiltered: () => false,
    ...given,
  };
}

describe('an allocation', () => {
  it('gives each of two frameworks one of two agents', () => {
    const candidates = ['F0', 'F1'].map((frameworkId) => ({
      frameworkId,
      role: frameworkId,
      allocated: [],
      served: 0,
    }));
    const given = allocate(input({ candidates }));
    expect(given.map(({ frameworkId }) => frameworkId).sort()).toEqual(['F0', 'F1']);
  });

  it('gives first to the framework with the least dominant share', () => {
    const candidates = [
      { frameworkId: 'much', role: 'a', allocated: toPool([scalar('cpus', 1)]), served: 0 },
      { frameworkId: 'little', role: 'b', allocated: toPool([scalar('mem', 100)]), served: 9 },
    ];
    const given = allocate(input({ candidates, agents: [{ agentId: 'S0', available: WHOLE }] }));
    expect(given.map(({ frameworkId }) => frameworkId)).toEqual(['little']);
  });

  it('gives what is reserved to a role only to that role and those below it', () => {
    const available = toPool([scalar('cpus', 1, [RESERVATION]), scalar('mem', 64, [RESERVATION])]);
    const roles = ['other', 'kafkas', 'kafka/pod'];
    const candidates = roles.map((role) => ({ frameworkId: role, role, allocated: [], served: 0 }));
    const given = allocate(input({ candidates, agents: [{ agentId: 'S0', available }] }));
    expect(given.map(({ role }) => role)).toEqual(['kafka/pod']);
  });

  it('offers nothing of an agent without a hundredth of a cpu or 32 MB', () => {
    const available = toPool([volume('v', 10), scalar('mem', 31), ports(1, 9)]);
    const candidates = [{ frameworkId: 'F', role: 'kafka', allocated: [], served: 0 }];
    expect(allocate(input({ candidates, agents: [{ agentId: 'S0', available }] }))).toEqual([]);
  });

  it('passes over a framework whose filter refuses it, to the next', () => {
    const candidates = ['F0', 'F1'].map((frameworkId) => ({
      frameworkId,
      role: 'r',
      allocated: [],
      served: 0,
    }));
    const given = allocate(input({ candidates, isFiltered: ({ frameworkId }) => frameworkId === 'F0' }));
    expect(given.map(({ frameworkId }) => frameworkId)).toEqual(['F1', 'F1']);
  });
});

describe('a filter', () => {
  const target = { frameworkId: 'F', role: 'r', agentId: 'S' };
  const filters = [{ ...target, refused: toPool([scalar('cpus', 2)]), untilMs: 100 }];

  it('keeps back what was refused, until it ends', () => {
    expect(isFiltered(filters, target, toPool([scalar('cpus', 2)]), 99)).toBe(true);
    expect(isFiltered(filters, target, toPool([scalar('cpus', 2)]), 100)).toBe(false);
  });

  it('does not keep back more than was refused', () => {
    expect(isFiltered(filters, target, toPool([scalar('cpus', 2.1)]), 0)).toBe(false);
    expect(isFiltered(filters, target, toPool([scalar('cpus', 1, [RESERVATION])]), 0)).toBe(false);
  });

  it('lasts 5 s when nothing or a negative time is said, and not at all for 0', () => {
    expect([refuseMs(undefined), refuseMs(-1), refuseMs(0), refuseMs(2.5)]).toEqual([5000, 5000, 0, 2500]);
  });
});
