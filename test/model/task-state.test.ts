import { describe, expect, it } from 'vitest';
import { isAbsent, isTerminal, isUnreachable, isWorthRecording } from '../../src/model/task-state.ts';

/** Every TaskState of mesos/v1/mesos.proto: what of it is an end, nothing there, out of reach, worth a record. */
const MEANINGS = {
  TASK_STAGING: [],
  TASK_STARTING: [],
  TASK_RUNNING: ['recorded'],
  TASK_KILLING: [],
  TASK_FINISHED: ['terminal', 'absent', 'recorded'],
  TASK_FAILED: ['terminal', 'absent', 'recorded'],
  TASK_KILLED: ['terminal', 'absent', 'recorded'],
  TASK_ERROR: ['terminal', 'absent', 'recorded'],
  TASK_DROPPED: ['terminal', 'absent', 'recorded'],
  TASK_GONE: ['terminal', 'absent', 'recorded'],
  TASK_GONE_BY_OPERATOR: ['terminal', 'absent', 'recorded'],
  TASK_LOST: ['unreachable', 'recorded'],
  TASK_UNREACHABLE: ['unreachable', 'recorded'],
  TASK_UNKNOWN: ['absent'],
};

function meaningOf(state: string): string[] {
  return [
    ...(isTerminal(state) ? ['terminal'] : []),
    ...(isAbsent(state) ? ['absent'] : []),
    ...(isUnreachable(state) ? ['unreachable'] : []),
    ...(isWorthRecording(state) ? ['recorded'] : []),
  ];
}

describe('what a task state means', () => {
  it.each(Object.entries(MEANINGS))('%s: %j', (state, meaning) => {
    expect(meaningOf(state)).toEqual(meaning);
  });

  it('is nothing for a state that Mesos does not have', () => {
    for (const state of ['', 'RUNNING', 'task_failed', 'TASK_FAILED ']) expect(meaningOf(state)).toEqual([]);
  });
});
