import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTaskId, taskIdOf } from '../../src/model/cluster.ts';

describe('the id of a task', () => {
  it('names node and launch, and is read back as what was written', () => {
    const anyTask = fc.record({
      node: fc
        .tuple(fc.constantFrom('broker', 'controller'), fc.nat({ max: 1_000 }))
        .map(([kind, index]) => `${kind}-${index}`),
      launch: fc.integer({ min: 1 }),
    });
    fc.assert(
      fc.property(anyTask, ({ node, launch }) => {
        expect(parseTaskId(taskIdOf(node, launch))).toEqual({ node, launch });
      }),
    );
    expect(taskIdOf('broker-0', 3)).toBe('broker-0.3');
  });

  it.each([
    '',
    'broker-0',
    'broker-0.',
    'broker-.1',
    'broker.1',
    'broker-0.1.2',
    'broker-0.-1',
    'broker-0.1e3',
    ' broker-0.1',
    'broker-0.1\n',
    'my-broker-0.1',
    'zookeeper-0.1',
    'Broker-0.1',
    'ct:1699999999:2:job',
  ])('is not %j', (taskId) => {
    expect(parseTaskId(taskId)).toBeNull();
  });

  it('is never read out of a text that says something else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^(broker|controller)-/.test(text));
        expect(parseTaskId(text)).toBeNull();
      }),
    );
  });
});
