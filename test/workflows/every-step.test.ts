// What must hold for every step of every operation: it may fail and be run again, and its effect happens once however often
// its activity is called.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApplicationFailure } from '@temporalio/common';
import { STATUS, type PlanProgress } from '../../src/model/plan/plan.ts';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete, stepsOf } from '../support/progress.ts';
import { startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const NAME = 'every';
const NODES = ['controller-0', 'broker-0', 'broker-1'];
const SPEC = { name: NAME, controllers: { count: 1 }, brokers: { count: 2 } };
const INSTALLED = NODES.flatMap((node) => [`launch ${node}.1`, `place ${node}`]).sort();
const UNINSTALLED = [...NODES.flatMap((node) => [`release ${node}`, `stop ${node}.1`]), 'teardown'].sort();

/** The activity by which each kind of step has its effect. */
const ACTIVITY = {
  place: 'placeNode',
  start: 'launchNode',
  verify: 'verifyCluster',
  stop: 'stopNode',
  release: 'releaseNode',
  deregister: 'teardownFramework',
} as const;

let env: WorkflowEnv;
beforeEach(async () => {
  env = await startWorkflowEnv();
});
afterEach(async () => {
  await env.close();
});

/** The effects of an operation in order of their names; those of sessions are not an operation's. */
function takeEffects(): string[] {
  const effects = env.world.effects.splice(0).filter((effect) => !effect.startsWith('subscribe'));
  return effects.sort();
}

/** Runs an install to its end and then an uninstall, each with what `drive` does to it. */
async function bothOperations(drive: (operationId: string) => Promise<PlanProgress>): Promise<void> {
  const install = await env.install(SPEC);
  const installed = await drive(install.operationId);
  expect(isComplete(installed)).toBe(true);
  expect(takeEffects()).toEqual(INSTALLED);
  const uninstall = await env.uninstall(NAME);
  const uninstalled = await drive(uninstall.operationId);
  expect(isComplete(uninstalled)).toBe(true);
  expect(takeEffects()).toEqual(UNINSTALLED);
  expect(env.world.placed.size + env.world.running.size).toBe(0);
}

describe('each step of an install and of an uninstall', () => {
  it('may fail, waits for a person, and is run again from where it was', async () => {
    const failures = new Map<string, number>();
    env.world.fault = (activity, subject) => {
      if (!Object.values<string>(ACTIVITY).includes(activity)) return;
      const before = failures.get(`${activity} ${subject}`) ?? 0;
      // The verification of one run of its step is tried that often.
      if (before >= (activity === ACTIVITY.verify ? 3 : 1)) return;
      failures.set(`${activity} ${subject}`, before + 1);
      throw ApplicationFailure.nonRetryable(`${activity} cannot`, 'MESOS_REFUSED');
    };
    await bothOperations(async (operationId) => {
      const retried = new Set<string>();
      for (;;) {
        const progress = await env.progressUntil(
          operationId,
          (seen) =>
            isComplete(seen) ||
            stepsOf(seen).some(({ id, status }) => status === STATUS.FAILED && !retried.has(id)),
        );
        if (isComplete(progress)) {
          expect([...retried].sort()).toEqual(
            stepsOf(progress)
              .map(({ id }) => id)
              .sort(),
          );
          expect(stepsOf(progress).every(({ runs }) => runs === 2)).toBe(true);
          return progress;
        }
        for (const step of stepsOf(progress)) {
          if (step.status !== STATUS.FAILED || retried.has(step.id)) continue;
          expect(step.reason).toContain(`${ACTIVITY[step.action.kind as keyof typeof ACTIVITY]} cannot`);
          retried.add(step.id);
          await env.client.workflow
            .getHandle(contract.operationWorkflowId(operationId))
            .executeUpdate(contract.retryStepUpdate, { args: [{ step: step.id }] });
        }
      }
    });
  });

  it('has its effect once when its session moves after the effect and before the record', async () => {
    const moved = new Set<string>();
    env.world.fault = async (activity, subject) => {
      if (!activity.endsWith(':done') || moved.has(`${activity} ${subject}`)) return;
      moved.add(`${activity} ${subject}`);
      await env.world.moveSession(NAME);
      throw ApplicationFailure.nonRetryable('the stream id does not match', 'SESSION_MOVED');
    };
    await bothOperations((operationId) => env.progressUntil(operationId, isComplete));
    // Each of three nodes: place, launch, stop, release; and the framework's removal.
    expect(moved.size).toBe(4 * NODES.length + 1);
  });
});
