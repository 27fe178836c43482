import { describe, expect, it } from 'vitest';
import { applyOperation } from '../../../../src/local/mesos/master/operations.ts';
import type { OperationContext } from '../../../../src/local/mesos/master/operations.ts';
import { toPool } from '../../../../src/local/mesos/resources/pool.ts';
import { PRINCIPAL, RESERVATION, scalar, volume } from '../support/resources.ts';

const CONTEXT: OperationContext = {
  available: toPool([scalar('cpus', 4), scalar('disk', 100, [RESERVATION]), volume('v', 50)]),
  role: 'kafka',
  principal: PRINCIPAL,
  volumeIds: [{ role: 'kafka', id: 'v' }],
};

describe('an operation', () => {
  it('RESERVE takes the unreserved and gives the reserved', () => {
    expect(applyOperation('RESERVE', [scalar('cpus', 1, [RESERVATION])], CONTEXT)).toEqual({
      consumed: [scalar('cpus', 1)],
      converted: [scalar('cpus', 1, [RESERVATION])],
    });
  });

  it('RESERVE of a refinement takes what the role above has reserved', () => {
    const refined = [RESERVATION, { ...RESERVATION, role: 'kafka/pod' }];
    const context = { ...CONTEXT, role: 'kafka/pod', available: toPool([scalar('cpus', 1, [RESERVATION])]) };
    expect(applyOperation('RESERVE', [scalar('cpus', 1, refined)], context)).toEqual({
      consumed: [scalar('cpus', 1, [RESERVATION])],
      converted: [scalar('cpus', 1, refined)],
    });
  });

  it('DESTROY gives back the reserved disk', () => {
    expect(applyOperation('DESTROY', [volume('v', 50)], CONTEXT)).toEqual({
      consumed: [volume('v', 50)],
      converted: [scalar('disk', 50, [RESERVATION])],
    });
  });

  it.each([
    [
      'RESERVE',
      scalar('cpus', 1, [{ ...RESERVATION, role: 'other' }]),
      "with role 'other', but the resource was allocated to role 'kafka'",
    ],
    ['RESERVE', scalar('cpus', 1, [{ ...RESERVATION, principal: 'x' }]), 'does not match'],
    ['RESERVE', scalar('cpus', 1, [{ type: 'DYNAMIC', role: 'kafka' }]), 'no principal set'],
    ['RESERVE', scalar('cpus', 1), 'is not dynamically reserved'],
    ['RESERVE', scalar('cpus', 5, [RESERVATION]), 'does not contain cpus(allocated: kafka):5'],
    ['UNRESERVE', volume('v', 50), 'Please destroy the persistent volume first'],
    ['CREATE', volume('v', 10), "Persistence ID 'v' already exists"],
    ['CREATE', volume('a/../b', 10), 'invalid characters'],
    ['CREATE', scalar('disk', 10, [RESERVATION]), 'is not a persistent volume'],
    ['DESTROY', volume('other', 50), 'does not contain'],
    ['RESERVE', scalar('cpus', -1, [RESERVATION]), 'Invalid resources'],
  ] as const)('%s is refused for what is wrong with it (%#)', (type, resource, error) => {
    expect(applyOperation(type, [resource], CONTEXT)).toMatchObject({
      error: expect.stringContaining(error) as string,
    });
  });
});
