import { describe, expect, it } from 'vitest';
import { ownedProperties } from '../../../src/model/spec/kafka-config.ts';
import { refusal, withConfig } from './refusal.ts';

describe('a spec is refused', () => {
  it.each(ownedProperties().map((property) => property.replace('*', 'x')))(
    'with the owned property %s, and says why',
    (property) => {
      expect(refusal(withConfig({ [property]: 'x' }))[`kafka.config.${property}`]).toMatch(
        /is "x", but is set by Millrace: .+; leave it out$/,
      );
    },
  );

  it.each<[Record<string, unknown>, object, string, RegExp]>([
    [
      { 'default.replication.factor': 4 },
      {},
      'default.replication.factor',
      /is 4, but must not be greater than brokers.count \(3\); accepted: 1 to 3/,
    ],
    [
      { 'offsets.topic.replication.factor': '3' },
      { brokers: { count: 2 } },
      'offsets.topic.replication.factor',
      /accepted: 1 to 2/,
    ],
    [
      { 'transaction.state.log.replication.factor': 0 },
      {},
      'transaction.state.log.replication.factor',
      /accepted: 1 to 3/,
    ],
    [
      { 'default.replication.factor': 'two' },
      {},
      'default.replication.factor',
      /must be a whole number of replicas/,
    ],
    [
      { 'min.insync.replicas': 4 },
      {},
      'min.insync.replicas',
      /must not be greater than default.replication.factor \(3\); accepted: 1 to 3/,
    ],
    [
      { 'min.insync.replicas': 2, 'default.replication.factor': 1 },
      {},
      'min.insync.replicas',
      /accepted: 1 to 1/,
    ],
    [{ 'min.insync.replicas': 2 }, { brokers: { count: 1 } }, 'min.insync.replicas', /accepted: 1 to 1/],
    [
      { 'transaction.state.log.min.isr': 3 },
      { brokers: { count: 2 } },
      'transaction.state.log.min.isr',
      /accepted: 1 to 2/,
    ],
    [
      { 'log.retention.bytes': 1_073_741_825 },
      { brokers: { disk: { sizeMb: 1024 } } },
      'log.retention.bytes',
      /must not be more than the smallest disk of brokers \(1024 MB\).* accepted: -1 or up to 1073741824/,
    ],
    [{ 'log.retention.bytes': '1g' }, {}, 'log.retention.bytes', /must be a whole number of bytes/],
    [
      { 'log.segment.bytes': 1_073_741_825 },
      { brokers: { disk: { sizeMb: 1024 } } },
      'log.segment.bytes',
      /one segment would not fit/,
    ],
    [
      { big: Number.MAX_SAFE_INTEGER + 1 },
      {},
      'big',
      /too large to be kept exactly as a number; accepted: the same in quotes/,
    ],
    [{ 'a b': 1 }, {}, 'a b', /is not the name of a broker property/],
    [{ nested: { a: 1 } }, {}, 'nested', /must be text, a number, true or false/],
  ])('with kafka.config %j and %j', (config, more, property, message) => {
    const messages = refusal(withConfig(config, more));
    expect(Object.keys(messages)).toEqual([`kafka.config.${property}`]);
    expect(messages[`kafka.config.${property}`]).toMatch(message);
  });
});
