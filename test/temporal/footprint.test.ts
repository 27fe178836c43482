// temporal.yaml: what it declares, and how its mistakes are shown.
import { describe, expect, it } from 'vitest';
import { type MillraceError } from '../../src/model/errors.ts';
import { loadFootprint, parseFootprint } from '../../src/temporal/index.ts';
import {
  KAFKA_CLUSTER,
  KAFKA_OPERATION,
  KAFKA_OPERATION_STATE,
  KAFKA_ROLE,
  TASK_QUEUE,
} from '../../src/workflows/contract.ts';

const VALID = `version: 1
namespace: { name: default, retention: 72h }
searchAttributes:
  KafkaCluster: Keyword
taskQueues:
  main: { name: q, maxConcurrentActivities: 10, maxConcurrentWorkflowTasks: 2 }
  session: { namePattern: 'q-{process}', maxConcurrentActivities: 10 }
devServer: { host: 127.0.0.1, port: 0, uiPort: 0 }
`;

function refusal(text: string): MillraceError {
  try {
    parseFootprint(text, 't.yaml');
  } catch (error) {
    return error as MillraceError;
  }
  throw new Error('it was accepted');
}

describe('temporal.yaml', () => {
  it('declares exactly the search attributes and the queue that the workflows use', () => {
    const footprint = loadFootprint();
    const used = [KAFKA_CLUSTER, KAFKA_ROLE, KAFKA_OPERATION, KAFKA_OPERATION_STATE].map(({ name, type }) => [
      name,
      type === 'KEYWORD' ? 'Keyword' : type,
    ]);
    expect(footprint.searchAttributes).toEqual(Object.fromEntries(used));
    expect(footprint.taskQueues.main.name).toBe(TASK_QUEUE);
  });

  it('is read with its retention in seconds and no schedules by default', () => {
    const footprint = parseFootprint(VALID, 't.yaml');
    expect(footprint.namespace).toEqual({ name: 'default', retentionSeconds: 72 * 3600 });
    expect(footprint.schedules).toEqual({});
  });

  it.each([
    ['an unknown key', 'KafkaCluster: Keyword\n', 'KafkaCluster: Keyword\nextra: 1\n', 5, 'extra'],
    ['an unknown type', 'KafkaCluster: Keyword', 'KafkaCluster: Keywort', 4, 'searchAttributes.KafkaCluster'],
    ['a retention without unit', '72h', '72', 2, 'namespace.retention'],
    ['a queue without its limits', ', maxConcurrentWorkflowTasks: 2', '', 6, 'maxConcurrentWorkflowTasks'],
    ['broken YAML', 'KafkaCluster: Keyword', 'KafkaCluster: [', 5, 't.yaml'],
  ])('refuses %s, naming the line', (_what, from, to, line, named) => {
    const error = refusal(VALID.replace(from, to));
    expect(error.code).toBe('REQUEST_INVALID');
    expect(error.message).toContain(`t.yaml:${line}:`);
    expect(error.message).toContain(named);
    expect(error.issues?.[0]).toMatchObject({ line });
  });

  it('says which file could not be read', () => {
    expect(() => loadFootprint('/nowhere/temporal.yaml')).toThrow(
      /\/nowhere\/temporal\.yaml could not be read/,
    );
  });
});
