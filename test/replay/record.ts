// Records histories for replay.test.ts: `node test/replay/record.ts <version>` writes test/replay/histories/<version>/.
//
// Run it once for each release, with the workflows of that release. What was recorded is never recorded again: that these
// histories still replay is what lets a new worker take over the operations that an old one began.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import * as contract from '../../src/workflows/contract.ts';
import { isComplete, stateIs, stepIs } from '../support/progress.ts';
import { specOf, startWorkflowEnv, type WorkflowEnv } from '../support/workflow-env.ts';

const version = process.argv[2];
if (version === undefined || !/^[\w.-]+$/.test(version)) {
  console.error('usage: node test/replay/record.ts <version>');
  process.exit(2);
}
const directory = fileURLToPath(new URL(`histories/${version}/`, import.meta.url));
if (existsSync(directory)) {
  console.error(`${directory} exists: what was recorded is not recorded again.`);
  process.exit(1);
}
mkdirSync(directory, { recursive: true });

const SPEC = { controllers: { count: 1 }, brokers: { count: 2 } };

/** Each plays on a server of its own and returns the workflow ids to keep. */
const SCENARIOS: Record<string, (env: WorkflowEnv) => Promise<string[]>> = {
  plain: async (env) => {
    const { operationId: install } = await env.install({ name: 'orders', ...SPEC });
    await env.progressUntil(install, isComplete);
    await env.world.endTask('orders', 'broker-0.1');
    const { recoveries } = await env.stateUntil('orders', (state) => state.recoveries.length > 0);
    const recover = recoveries[0]?.id ?? '';
    await env.progressUntil(recover, isComplete);
    const { operationId: uninstall } = await env.uninstall('orders');
    await env.client.workflow.getHandle(contract.clusterWorkflowId('orders')).result();
    await env.client.workflow.getHandle(contract.sessionWorkflowId('orders')).result();
    return [
      contract.clusterWorkflowId('orders'),
      contract.sessionWorkflowId('orders'),
      ...[install, recover, uninstall].map(contract.operationWorkflowId),
    ];
  },
  trouble: async (env) => {
    let troubled = true;
    env.world.fault = async (activity, subject) => {
      if (activity === 'launchNode' && subject === 'broker-1.1' && troubled)
        throw ApplicationFailure.nonRetryable('cannot fetch the artifact', 'MESOS_REFUSED');
      if (activity === 'placeNode:done' && subject === 'broker-0') {
        await env.world.moveSession('orders');
        throw ApplicationFailure.nonRetryable('the stream id does not match', 'SESSION_MOVED');
      }
      if (activity === 'awaitBrokerReady' && subject === 'broker-0' && troubled)
        await env.world.endTask('orders', 'broker-0.1');
      if (activity === 'verifyCluster') throw ApplicationFailure.nonRetryable('no', 'VERIFY_FAILED');
    };
    const { operationId } = await env.install({ name: 'orders', ...SPEC });
    const handle = env.client.workflow.getHandle(contract.operationWorkflowId(operationId));
    await env.progressUntil(operationId, stepIs('start:broker-1', 'FAILED'));
    await env.progressUntil(operationId, stepIs('start:broker-0', 'COMPLETE'));
    await handle.executeUpdate(contract.pauseUpdate, { args: [{ by: 'ann', reason: 'lunch' }] });
    await handle.signal(contract.retryStepSignal, { step: 'start:broker-9' });
    troubled = false;
    await handle.signal(contract.resumeSignal, { by: 'ann' });
    await handle.executeUpdate(contract.retryStepUpdate, { args: [{ step: 'start:broker-1' }] });
    await env.progressUntil(operationId, stepIs('verify', 'FAILED'));
    await handle.executeUpdate(contract.skipStepUpdate, { args: [{ step: 'verify', reason: 'by hand' }] });
    await env.progressUntil(operationId, isComplete);
    return [contract.clusterWorkflowId('orders'), contract.operationWorkflowId(operationId)];
  },
  aborted: async (env) => {
    env.world.fault = (activity) => {
      if (activity === 'launchNode') throw ApplicationFailure.nonRetryable('no', 'MESOS_REFUSED');
    };
    const { operationId } = await env.install({ name: 'orders', ...SPEC });
    await env.progressUntil(operationId, stepIs('start:broker-0', 'FAILED'));
    await env.client.workflow
      .getHandle(contract.operationWorkflowId(operationId))
      .executeUpdate(contract.abortUpdate, { args: [{ by: 'ann', reason: 'wrong version' }] });
    await env.progressUntil(operationId, stateIs('ABORTED'));
    return [contract.clusterWorkflowId('orders'), contract.operationWorkflowId(operationId)];
  },
  lost: async (env) => {
    const entity = env.client.workflow.getHandle(contract.clusterWorkflowId('orders'));
    const { operationId: install } = await env.install({ name: 'orders', ...SPEC });
    await env.progressUntil(install, isComplete);
    const ofKind = async (kind: string) => {
      const named = ({ id }: { id: string }) => id.includes(`/${kind}#`);
      const { history } = await env.stateUntil('orders', (state) => state.history.some(named));
      return history.find(named)?.id ?? '';
    };
    await env.world.endTask('orders', 'broker-1.1', 'TASK_UNREACHABLE');
    await env.world.endTask('orders', 'broker-1.1', 'TASK_GONE_BY_OPERATOR');
    const replace = await ofKind('replace');
    const { agentId } = (await env.state('orders')).nodes['broker-0']!.placement!;
    await entity.signal(contract.maintenanceSignal, { agentId, window: { startMs: Date.now() } });
    const drain = await ofKind('drain');
    await entity.signal(contract.maintenanceSignal, { agentId, window: null });
    const { operationId: move } = await entity.executeUpdate(contract.replaceUpdate, {
      args: [{ requestedBy: 'ann', node: 'controller-0' }],
    });
    await env.progressUntil(move, isComplete);
    env.world.running.clear();
    await entity.signal(contract.sessionProblemSignal, {
      code: 'FRAMEWORK_REMOVED',
      reason: 'Framework has been removed',
    });
    await env.stateUntil('orders', ({ status }) => status === 'DEGRADED');
    const { operationId: adopt } = await entity.executeUpdate(contract.adoptUpdate, {
      args: [{ requestedBy: 'ann' }],
    });
    await env.progressUntil(adopt, isComplete);
    return [
      contract.clusterWorkflowId('orders'),
      ...[replace, drain, move, adopt].map(contract.operationWorkflowId),
    ];
  },
  changed: async (env) => {
    const entity = env.client.workflow.getHandle(contract.clusterWorkflowId('orders'));
    const spec = {
      controllers: { count: 1 },
      brokers: { count: 3 },
      update: { spareless: 'allow' as const },
    };
    const { operationId: install } = await env.install({ name: 'orders', ...spec });
    await env.progressUntil(install, isComplete);
    const by = { requestedBy: 'ann' };
    const { operationId: restart } = await entity.executeUpdate(contract.restartUpdate, {
      args: [{ ...by, nodes: ['broker-0'] }],
    });
    const queued = await entity.executeUpdate(contract.pauseNodeUpdate, {
      args: [{ ...by, node: 'broker-1', queue: true }],
    });
    await env.progressUntil(restart, isComplete);
    await env.stateUntil('orders', ({ history }) => history.some(({ id }) => id === queued.operationId));
    const { operationId: resume } = await entity.executeUpdate(contract.resumeNodeUpdate, {
      args: [{ ...by, node: 'broker-1' }],
    });
    await env.progressUntil(resume, isComplete);
    env.world.partitions = [0, 1, 2, 3].map((partition) => ({ topic: 't', partition, replicas: [0, 1] }));
    const wanted = {
      ...spec,
      name: 'orders',
      brokers: { count: 4, memMb: 4096, heapMb: 2048 },
      controllers: { count: 3 },
      kafka: { config: { 'num.io.threads': 16 } },
      update: { strategy: 'canary' as const, spareless: 'allow' as const },
    };
    const apply = (changes: object, more: object = {}) =>
      entity.executeUpdate(contract.applyUpdate, {
        args: [{ ...by, ...more, spec: specOf({ ...wanted, ...changes }) }],
      });
    const { operationId: update } = await apply({}, { throttleBytesPerSecond: 5_000 });
    await env.progressUntil(update, stepIs('approve', 'WAITING'));
    const handle = env.client.workflow.getHandle(contract.operationWorkflowId(update));
    await handle.executeUpdate(contract.approveUpdate, { args: [{ by: 'ann' }] });
    await env.progressUntil(update, isComplete);
    const { operationId: back } = await apply({
      brokers: { ...wanted.brokers, count: 3 },
      controllers: { count: 1 },
    });
    await env.progressUntil(back, isComplete);
    const { operationId: rebalance } = await entity.executeUpdate(contract.rebalanceUpdate, { args: [by] });
    await env.progressUntil(
      rebalance,
      (progress) => isComplete(progress) || stepIs('approve:moves', 'WAITING')(progress),
    );
    await env.client.workflow
      .getHandle(contract.operationWorkflowId(rebalance))
      .executeUpdate(contract.abortUpdate, { args: [{ by: 'ann', reason: 'later' }] })
      .catch(() => undefined);
    return [
      contract.clusterWorkflowId('orders'),
      ...[restart, queued.operationId, resume, update, back, rebalance].map(contract.operationWorkflowId),
    ];
  },
};

/** Without what is only of the machine that recorded: the checkout's path in stack traces, process and host. */
function impersonal(json: string): string {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  return json.replaceAll(root, '').replaceAll(`${process.pid}@${hostname()}`, 'worker');
}

for (const [scenario, play] of Object.entries(SCENARIOS)) {
  const env = await startWorkflowEnv();
  try {
    for (const workflowId of await play(env)) {
      const history = await env.client.workflow.getHandle(workflowId).fetchHistory();
      const file = `${scenario}.${workflowId.replace(/^kafka\/orders\/?/, '').replace('#', '-') || 'cluster'}.json`;
      writeFileSync(`${directory}${file}`, impersonal(historyToJSON(history)));
      console.log(`${file}: ${history.events?.length ?? 0} events`);
    }
  } finally {
    await env.close();
  }
}
process.exit(0);
