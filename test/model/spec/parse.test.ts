import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { effectiveConfig } from '../../../src/model/spec/kafka-config.ts';
import { roleOf, slugOf } from '../../../src/model/spec/name.ts';
import { parseSpec } from '../../../src/model/spec/parse.ts';
import { clusterSpecInputSchema, clusterSpecSchema } from '../../../src/model/spec/schema.ts';
import { KNOWN_VERSIONS } from '../../../src/model/spec/versions.ts';
import { withConfig } from './refusal.ts';

describe('a spec with nothing but a name', () => {
  it('gets every default', () => {
    expect(parseSpec({ name: 'team/orders' })).toMatchInlineSnapshot(`
      {
        "brokers": {
          "count": 3,
          "cpus": 1,
          "disk": {
            "sizeMb": 10240,
            "type": "ROOT",
          },
          "heapMb": 1024,
          "jvmOptions": [],
          "memMb": 2048,
          "port": 0,
        },
        "controllers": {
          "count": 3,
          "cpus": 0.5,
          "disk": {
            "sizeMb": 2048,
            "type": "ROOT",
          },
          "heapMb": 512,
          "jvmOptions": [],
          "memMb": 1024,
          "port": 0,
        },
        "kafka": {
          "artifact": {
            "uri": "https://archive.apache.org/dist/kafka/4.4.0/kafka_2.13-4.4.0.tgz",
          },
          "config": {},
          "version": "4.4.0",
        },
        "killGraceSeconds": 60,
        "labels": {},
        "name": "team/orders",
        "placement": {
          "brokers": [
            [
              "hostname",
              "UNIQUE",
            ],
          ],
          "controllers": [
            [
              "hostname",
              "UNIQUE",
            ],
          ],
        },
        "principal": "millrace",
        "recovery": {
          "backoff": {
            "initialSeconds": 5,
            "maxSeconds": 300,
          },
          "minSecondsBetweenReplacements": 1800,
        },
        "role": "team__orders-role",
      }
    `);
  });

  it('stays the same when it is parsed again', () => {
    const spec = parseSpec({
      name: 'orders',
      placement: { brokers: ['rack:MAX_PER:2'] },
      user: 'kafka',
      labels: { team: 'a' },
    });
    expect(parseSpec(spec)).toEqual(spec);
    expect(parseSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
    expect(clusterSpecSchema.parse(spec)).toEqual(spec);
  });

  it('takes what the site provides, and what the user says before that', () => {
    const site = {
      artifacts: { '4.4.0': { path: '/opt/kafka' }, '4.9.9': { path: '/opt/kafka-next' } },
      java: { path: '/opt/java' },
    };
    expect(parseSpec({ name: 'a' }, site)).toMatchObject({
      kafka: { artifact: { path: '/opt/kafka' } },
      java: { path: '/opt/java' },
    });
    expect(parseSpec({ name: 'a', kafka: { version: '4.9.9' } }, site).kafka.artifact).toEqual({
      path: '/opt/kafka-next',
    });
    const own = {
      name: 'a',
      kafka: { artifact: { uri: 'https://x.test/kafka.tgz' } },
      java: { path: '/usr/bin/java' },
    };
    expect(parseSpec(own, site)).toMatchObject({ kafka: { artifact: own.kafka.artifact }, java: own.java });
  });

  it.each(KNOWN_VERSIONS)('finds the official distribution of %s', (version) => {
    expect(parseSpec({ name: 'a', kafka: { version } }).kafka.artifact).toEqual({
      uri: `https://archive.apache.org/dist/kafka/${version}/kafka_2.13-${version}.tgz`,
    });
  });
});

describe('what is derived from a spec', () => {
  it('is a role of its own for each name', () => {
    expect(roleOf({ name: 'team/orders' })).toBe('team__orders-role');
    expect(roleOf({ name: 'orders', role: 'shared' })).toBe('shared');
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,3}[a-z0-9]$/);
    const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(slugOf(a) === slugOf(b)).toBe(a === b);
      }),
    );
  });

  it.each([
    [1, '1', '1'],
    [2, '2', '1'],
    [3, '3', '2'],
    [9, '3', '2'],
  ])('is for %i brokers a replication factor of %s with %s in sync', (count, factor, inSync) => {
    const config = effectiveConfig(parseSpec({ name: 'a', brokers: { count } }));
    for (const property of [
      'default',
      'offsets.topic',
      'transaction.state.log',
      'share.coordinator.state.topic',
    ])
      expect(config[`${property}.replication.factor`]).toBe(factor);
    for (const property of [
      'min.insync.replicas',
      'transaction.state.log.min.isr',
      'share.coordinator.state.topic.min.isr',
    ])
      expect(config[property]).toBe(inSync);
  });

  it('follows the replication factor that the user chose', () => {
    const { 'min.insync.replicas': inSync, 'transaction.state.log.min.isr': transactions } = effectiveConfig(
      parseSpec(withConfig({ 'default.replication.factor': 2 })),
    );
    expect([inSync, transactions]).toEqual(['1', '2']);
  });

  it('is a JSON Schema in which each field is described', () => {
    for (const schema of [clusterSpecInputSchema, clusterSpecSchema])
      for (const io of ['input', 'output'] as const) {
        const undescribed: string[] = [];
        const walk = (
          node: { description?: string; properties?: Record<string, object>; [key: string]: unknown },
          path: string,
        ) => {
          const leaf = node.properties === undefined;
          if (leaf && node.description === undefined) undescribed.push(path);
          for (const [key, child] of Object.entries(node.properties ?? {}))
            walk(child as typeof node, `${path}.${key}`);
        };
        walk(z.toJSONSchema(schema, { io }) as Parameters<typeof walk>[0], 'spec');
        expect(undescribed).toEqual([]);
      }
  });
});
