// A Mesos and a Kafka in memory, as the activities show them to workflows: what is placed, what runs, what is ready.
// Workflow tests compare the world after an operation with what was asked for; faults are injected by name.
import { activityInfo, cancellationSignal, heartbeat, sleep } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { operationResult } from '../../src/activities/operation-result.ts';
import type { Activities, SessionActivities } from '../../src/activities/contract.ts';
import type { Placement } from '../../src/model/cluster.ts';
import { nodeResources } from '../../src/model/node/resources.ts';
import { planReassignment } from '../../src/model/reassignment/planner.ts';
import { proposalOf } from '../../src/model/reassignment/proposal.ts';
import type { PartitionNow } from '../../src/model/reassignment/types.ts';
import {
  claimEpochUpdate,
  clusterQuery,
  clusterWorkflowId,
  sessionOpenedSignal,
  taskStatusSignal,
} from '../../src/workflows/contract.ts';

export interface FakeWorld {
  placed: Map<string, Placement>;
  /** Places that nodes have left and that are not yet released, by `<node> <number>`. */
  former: Map<string, Placement>;
  /** Agents of which nothing can be had. */
  lostAgents: Set<string>;
  /** Task ids that run, by node. */
  running: Map<string, string>;
  frameworkRemoved: boolean;
  /** Every effect in order: `place broker-0`, `launch broker-0.1`, … */
  effects: string[];
  /** Called at the start of each activity, and as `<activity>:done` after its effect; throws to make it fail. */
  fault: (activity: string, subject: string) => void | Promise<void>;
  /** `node.id` of the controller that leads the quorum. */
  activeController: number | null;
  /** What Kafka has, where it matters. */
  partitions: PartitionNow[];
  throttle: string | null;
  /** Tasks that run and never register. */
  hanging: Set<string>;
  cordoned: Set<number>;
  /** False: the subscription is opened and let go, so that no activity runs and a skipping server can skip. */
  holdsSubscription: boolean;
  /** Opens a newer session of a cluster, as another worker would. */
  moveSession(cluster: string): Promise<void>;
  /** Ends a task, as when its process was killed. */
  endTask(cluster: string, taskId: string, state?: string): Promise<void>;
}

/** What this world can say about placement. */
const NOTHING_KNOWN = { atMs: 0, explanations: [], unknown: [] };

/** Activities over a world; register both sets on the queues that the session announces. */
export function createFakeWorld(client: () => Client, sessionTaskQueue: string) {
  let movedTo = 0;
  const entity = (cluster: string) => client().workflow.getHandle(clusterWorkflowId(cluster));
  const world: FakeWorld = {
    placed: new Map(),
    former: new Map(),
    lostAgents: new Set(),
    running: new Map(),
    frameworkRemoved: false,
    effects: [],
    fault: () => undefined,
    activeController: null,
    partitions: [],
    throttle: null,
    hanging: new Set(),
    cordoned: new Set(),
    holdsSubscription: true,
    moveSession: async (cluster) => {
      const state = await entity(cluster).query(clusterQuery);
      const session = state?.session;
      if (!session) throw new Error(`${cluster} has no session to move`);
      movedTo = Math.max(movedTo, session.epoch) + 1;
      const { frameworkId } = session;
      await entity(cluster).executeUpdate(claimEpochUpdate, { args: [{ epoch: movedTo, frameworkId }] });
      await entity(cluster).signal(sessionOpenedSignal, { ...session, epoch: movedTo });
    },
    endTask: async (cluster, taskId, state = 'TASK_FAILED') => {
      const node = taskId.slice(0, taskId.lastIndexOf('.'));
      if (world.running.get(node) === taskId) world.running.delete(node);
      await entity(cluster).signal(taskStatusSignal, {
        uuid: `${taskId}-${state}`,
        taskId,
        agentId: 'agent',
        state,
        reason: 'REASON_TEST',
      });
    },
  };
  const nameOf = (nodeId: number) => (nodeId >= 3000 ? `controller-${nodeId - 3000}` : `broker-${nodeId}`);
  const ready = async (nodeId: number) => {
    while (!world.running.has(nameOf(nodeId))) {
      heartbeat(`${nameOf(nodeId)} does not run`);
      await sleep(20);
    }
  };
  const stopped = async (nodeId: number) => {
    while (world.running.has(nameOf(nodeId))) {
      heartbeat(`${nameOf(nodeId)} still runs`);
      await sleep(20);
    }
  };

  const common: Activities = {
    holdSubscription: async ({ cluster, epochBase, framework }) => {
      await world.fault('holdSubscription', cluster);
      const epoch = epochBase + activityInfo().attempt;
      const signal = cancellationSignal();
      await client().withAbortSignal(signal, () =>
        entity(cluster).executeUpdate(claimEpochUpdate, { args: [{ epoch, frameworkId: framework.id }] }),
      );
      const session = {
        epoch,
        frameworkId: framework.id,
        streamId: `stream-${epoch}`,
        master: 'http://master',
        taskQueue: sessionTaskQueue,
      };
      await entity(cluster).signal(sessionOpenedSignal, session);
      world.effects.push(`subscribe ${epoch}`);
      world.frameworkRemoved = false;
      if (!world.holdsSubscription)
        throw ApplicationFailure.create({ message: 'let go', nextRetryDelay: '365 days' });
      while (!signal.aborted) {
        heartbeat('subscribed');
        await sleep(200);
      }
      throw new CancelledFailure('cancelled');
    },
    killTask: async ({ taskId }) => {
      await world.fault('killTask', taskId);
      world.effects.push(`kill ${taskId}`);
    },
    teardownFramework: async () => {
      await world.fault('teardownFramework', '');
      if (world.frameworkRemoved)
        throw ApplicationFailure.nonRetryable('Framework has been removed', 'FRAMEWORK_REMOVED');
      world.effects.push('teardown');
      world.frameworkRemoved = true;
      await world.fault('teardownFramework:done', '');
    },
    awaitControllerReady: async ({ nodeId }) => {
      await world.fault('awaitControllerReady', `controller-${nodeId - 3000}`);
      await ready(nodeId);
    },
    awaitBrokerReady: async ({ nodeId, restoreLeaders }) => {
      await world.fault('awaitBrokerReady', `broker-${nodeId}`);
      if (world.hanging.delete(world.running.get(`broker-${nodeId}`) ?? '')) return { hung: 'not heard of' };
      await ready(nodeId);
      if (restoreLeaders) world.effects.push(`leaders broker-${nodeId}`);
      return {};
    },
    activeController: async () => {
      await world.fault('activeController', '');
      return world.activeController;
    },
    awaitBrokerReplaceable: async ({ nodeId, force }) => {
      await world.fault('awaitBrokerReplaceable', `broker-${nodeId}`);
      await stopped(nodeId);
      return {
        partitions: 1,
        bytes: 1_024,
        ...(force === true ? { onlyHere: ['audit-0 (its only replica)'] } : {}),
      };
    },
    awaitControllerReplaceable: async ({ nodeId }) => {
      await world.fault('awaitControllerReplaceable', `controller-${nodeId - 3000}`);
      await stopped(nodeId);
    },
    replaceVoter: async ({ nodeId, newDirectoryId }) => {
      const node = `controller-${nodeId - 3000}`;
      await world.fault('replaceVoter', node);
      await ready(nodeId);
      world.effects.push(`voter ${node} ${newDirectoryId}`);
      await world.fault('replaceVoter:done', node);
    },
    unregisterBroker: async ({ nodeId }) => {
      await world.fault('unregisterBroker', `broker-${nodeId}`);
      await stopped(nodeId);
      world.effects.push(`unregister broker-${nodeId}`);
      await world.fault('unregisterBroker:done', `broker-${nodeId}`);
    },
    electPreferredLeaders: async () => {
      await world.fault('electPreferredLeaders', '');
      world.effects.push('elect preferred leaders');
    },
    configureBrokers: async ({ values }) => {
      await world.fault('configureBrokers', Object.keys(values).join());
      world.effects.push(`configure ${JSON.stringify(values)}`);
      await world.fault('configureBrokers:done', '');
    },
    proposeMoves: async ({ targets }) => {
      await world.fault('proposeMoves', '');
      const ids = targets.map(({ id }) => id);
      return proposalOf(planReassignment(world.partitions, targets), {
        partitions: world.partitions,
        brokers: ids,
      });
    },
    moveReplicas: async ({ moves }) => {
      await world.fault('moveReplicas', '');
      const all = Object.entries(moves).flatMap(([topic, list]) =>
        list.map(([partition, , replicas]) => ({ topic, partition, replicas })),
      );
      for (const { topic, partition, replicas } of all) {
        const found = world.partitions.find((one) => one.topic === topic && one.partition === partition);
        if (found) found.replicas = replicas;
      }
      world.effects.push(`move ${all.length}`);
      await world.fault('moveReplicas:done', '');
      return { moved: all.length };
    },
    cancelMoves: async () => {
      await world.fault('cancelMoves', '');
      world.effects.push('cancel moves');
    },
    readThrottle: async ({ topics }) => {
      await world.fault('readThrottle', '');
      return {
        rates: { earlier: world.throttle },
        topics: Object.fromEntries(topics.map((topic) => [topic, {}])),
      };
    },
    setThrottle: async ({ bytesPerSecond }) => {
      await world.fault('setThrottle', '');
      world.throttle = String(bytesPerSecond);
      await world.fault('setThrottle:done', '');
    },
    restoreThrottle: async ({ earlier }) => {
      await world.fault('restoreThrottle', '');
      world.throttle = earlier.rates['earlier'] ?? null;
    },
    cordonBrokers: async ({ nodeIds, cordoned }) => {
      await world.fault('cordonBrokers', '');
      for (const id of nodeIds) {
        if (cordoned) world.cordoned.add(id);
        else world.cordoned.delete(id);
      }
      return { unsupported: null };
    },
    awaitEmpty: async ({ nodeIds }) => {
      await world.fault('awaitEmpty', '');
      if (world.partitions.some(({ replicas }) => replicas.some((id) => nodeIds.includes(id))))
        throw ApplicationFailure.retryable('not empty', 'KAFKA_NOT_READY');
    },
    removeVoter: async ({ nodeId }) => {
      await world.fault('removeVoter', nameOf(nodeId));
      world.effects.push(`no voter ${nameOf(nodeId)}`);
    },
    verifyCluster: async ({ brokers }) => {
      await world.fault('verifyCluster', '');
      const all = brokers.every(({ nodeId }) => world.running.has(`broker-${nodeId}`));
      if (!all) throw ApplicationFailure.nonRetryable('a broker does not run', 'VERIFY_FAILED');
      return { produced: 1, consumed: 1, brokers: brokers.length };
    },
    awaitOperation: ({ operationWorkflowId }) => operationResult(client(), operationWorkflowId),
    explainPlacement: async ({ cluster }) => {
      await world.fault('explainPlacement', cluster);
      return { ...NOTHING_KNOWN, offers: null, offersMissing: 'asked where no session is' };
    },
    previewMoves: async ({ targets }) => {
      await world.fault('previewMoves', '');
      const brokers = targets.map(({ id }) => id);
      const { partitions } = world;
      return { view: proposalOf(planReassignment(partitions, targets), { partitions, brokers }).view };
    },
    previewReplace: async ({ nodeId }) => {
      await world.fault('previewReplace', nameOf(nodeId));
      return { unknown: 'this Kafka is a fake' };
    },
    preflight: async ({ spec }) => {
      await world.fault('preflight', spec.name);
      return { ...NOTHING_KNOWN, agents: 1, nodes: [], tight: false, quota: [], frameworksInRole: [] };
    },
  };

  const session: SessionActivities = {
    placeNode: async ({ node, placementNumber, incarnation, spec }) => {
      await world.fault('placeNode', node.name);
      const found = world.placed.get(node.name);
      if (found?.number === placementNumber) return found;
      if (found) world.former.set(`${node.name} ${found.number}`, found);
      const index = world.placed.size + world.former.size;
      const { total, volumeMb } = nodeResources(spec, node.kind);
      const placement: Placement = {
        number: placementNumber,
        agentId: `agent-${index}`,
        hostname: `127.0.0.${index + 1}`,
        port: 9000 + index,
        volumeId: `${node.name}-${placementNumber}-${incarnation}`,
        cpus: total.cpus,
        memMb: total.memMb,
        diskMb: volumeMb,
        attributes: { cabinet: `c${Number(node.name.split('-')[1]) % 2}` },
      };
      world.placed.set(node.name, placement);
      world.effects.push(`place ${node.name}${placementNumber === 1 ? '' : ` ${placementNumber}`}`);
      await world.fault('placeNode:done', node.name);
      return placement;
    },
    fitNode: async ({ node, spec, placementNumber }) => {
      await world.fault('fitNode', node.name);
      const placed = world.placed.get(node.name);
      if (placed?.number !== placementNumber) throw new Error(`${node.name} is not placed there`);
      const { total, volumeMb } = nodeResources(spec, node.kind);
      const fitted = { ...placed, cpus: total.cpus, memMb: total.memMb, diskMb: volumeMb };
      world.placed.set(node.name, fitted);
      world.effects.push(`fit ${node.name}`);
      return fitted;
    },
    launchNode: async ({ node, taskId, look }) => {
      await world.fault('launchNode', taskId);
      if (!(look && world.running.get(node.name) === taskId)) {
        if (world.running.has(node.name))
          throw ApplicationFailure.nonRetryable(`a second task of ${node.name}`, 'INTERNAL');
        world.running.set(node.name, taskId);
        world.effects.push(`launch ${taskId}`);
      }
      await world.fault('launchNode:done', taskId);
      return { running: true, configHash: 'hash' };
    },
    stopNode: async ({ taskId }) => {
      await world.fault('stopNode', taskId);
      if (world.running.delete(taskId.slice(0, taskId.lastIndexOf('.'))))
        world.effects.push(`stop ${taskId}`);
      await world.fault('stopNode:done', taskId);
      return { stopped: true, state: 'TASK_KILLED' };
    },
    lookForLeftovers: async ({ cluster }) => {
      await world.fault('lookForLeftovers', cluster);
      world.effects.push('look for leftovers');
    },
    releaseNode: async ({ node, onlyPlacement }) => {
      await world.fault('releaseNode', node);
      if (onlyPlacement !== undefined) {
        if (world.lostAgents.has(world.former.get(`${node} ${onlyPlacement}`)?.agentId ?? ''))
          return { released: false, left: `${node} ${onlyPlacement} is left on its agent` };
        if (world.former.delete(`${node} ${onlyPlacement}`))
          world.effects.push(`release ${node} ${onlyPlacement}`);
      } else if (world.placed.delete(node)) world.effects.push(`release ${node}`);
      await world.fault('releaseNode:done', node);
      return { released: true };
    },
    explainPlacement: async ({ cluster }) => {
      await world.fault('explainPlacement:session', cluster);
      return { ...NOTHING_KNOWN, offers: [] };
    },
  };
  return { world, common, session };
}
