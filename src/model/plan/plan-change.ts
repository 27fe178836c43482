// What a request to a serving cluster comes to: a plan, or why it is refused. Pure, so that what is shown before is what is run.
import {
  CLUSTER_STATUS,
  NODE_KIND,
  OPERATION_KIND,
  type ClusterState,
  type NodeState,
  type OperationKind,
} from '../cluster.ts';
import type {
  ChangeRequest,
  PauseNodeRequest,
  RebalanceRequest,
  RestartRequest,
  ResumeNodeRequest,
} from '../change-request.ts';
import { isServing } from '../entity.ts';
import { gatedStop, nodesOf, phase, plan, startAgain } from './build.ts';
import type { Plan } from './plan.ts';
import { planHash } from './plans.ts';
import { movePhases } from './move.ts';
import { planApply } from './plan-apply.ts';
import { refused, type Refused } from './refused.ts';
import { rackOf, rollPhases } from './roll.ts';

/** What is done about a request. */
export interface PlannedChange {
  kind: OperationKind;
  plan: Plan;
  planHash: string;
  /** The nodes that it is about, when not all. */
  nodes?: string[];
}

/** Plans a request, or says why it cannot be done. The state is not changed. */
export function planChange(
  state: ClusterState,
  request: ChangeRequest,
): PlannedChange | { refused: Refused } {
  if (!isServing(state))
    return refused(
      'NOTHING_TO_DO',
      `Cluster ${state.name} is ${state.status}, and only one that is ${CLUSTER_STATUS.RUNNING} or ${CLUSTER_STATUS.DEGRADED} can be changed; nothing was changed.`,
    );
  const planned = planOf(state, request);
  if ('refused' in planned) return planned;
  const hash = planHash(planned.plan);
  if (request.planHash !== undefined && !hash.startsWith(request.planHash))
    return refused(
      'PLAN_STALE',
      `The plan ${request.planHash} is not what this would do to cluster ${state.name} now (${hash}): the cluster or the spec has changed since; nothing was changed. Look at the new plan, and run that.`,
    );
  return { ...planned, planHash: hash };
}

/** As it is planned, before its hash is known. */
export type Planned = Omit<PlannedChange, 'planHash'>;

function planOf(state: ClusterState, request: ChangeRequest): Planned | { refused: Refused } {
  switch (request.kind) {
    case 'apply':
      return planApply(state, request);
    case 'restart':
      return planRestart(state, request);
    case 'rebalance':
      return planRebalance(state, request);
    case 'pauseNode':
      return planPause(state, request);
    case 'resumeNode':
      return planResume(state, request);
  }
}

function planRestart(state: ClusterState, { nodes, rack }: RestartRequest): Planned | { refused: Refused } {
  const unknown = (nodes ?? []).filter((name) => !Object.hasOwn(state.nodes, name));
  if (unknown.length > 0) return noSuchNode(state, unknown);
  const inRack = (node: NodeState) =>
    rack === undefined || (node.kind === NODE_KIND.BROKER && rackOf(state, node) === rack);
  const chosen = Object.values(state.nodes).filter(
    (node) => (nodes === undefined || nodes.includes(node.name)) && inRack(node),
  );
  const names = chosen.filter(({ paused }) => paused === undefined).map(({ name }) => name);
  if (names.length === 0)
    return refused('NOTHING_TO_DO', `${whyNone(state, chosen, rack)}; nothing was changed.`);
  return {
    kind: OPERATION_KIND.RESTART,
    plan: plan(OPERATION_KIND.RESTART, state, rollPhases(state, names, { strategy: 'serial', after: [] })),
    ...(nodes === undefined && rack === undefined ? {} : { nodes: names }),
  };
}

function whyNone(state: ClusterState, chosen: readonly NodeState[], rack: string | undefined): string {
  if (chosen.length > 0)
    return `${chosen.map(({ name }) => name).join(', ')} ${chosen.length === 1 ? 'is' : 'are'} kept stopped ("millrace broker resume" starts it again)`;
  const racks = nodesOf(state, NODE_KIND.BROKER).map((node) => rackOf(state, node) ?? 'none');
  return `No broker of cluster ${state.name} that was chosen is in the rack ${JSON.stringify(rack)}; the racks are ${[...new Set(racks)].sort().join(', ')}`;
}

function planRebalance(state: ClusterState, request: RebalanceRequest): Planned {
  return {
    kind: OPERATION_KIND.REBALANCE,
    plan: plan(
      OPERATION_KIND.REBALANCE,
      state,
      movePhases({ after: [], without: [], approve: request.approved !== true }),
    ),
  };
}

function planPause(state: ClusterState, { node: name }: PauseNodeRequest): Planned | { refused: Refused } {
  const node = Object.hasOwn(state.nodes, name) ? state.nodes[name] : undefined;
  if (!node) return noSuchNode(state, [name]);
  if (node.kind !== NODE_KIND.BROKER)
    return refused(
      'REQUEST_INVALID',
      `${name} is a controller, and only brokers can be kept stopped; nothing was changed.`,
    );
  if (node.paused) return refused('NOTHING_TO_DO', `${name} is kept stopped already; nothing was changed.`);
  const stop = gatedStop(name);
  return {
    kind: OPERATION_KIND.PAUSE,
    plan: plan(OPERATION_KIND.PAUSE, state, [
      phase('stop', [], 'serial', [{ ...stop, action: { ...stop.action, pause: true } } as typeof stop]),
    ]),
    nodes: [name],
  };
}

function planResume(state: ClusterState, { node: name }: ResumeNodeRequest): Planned | { refused: Refused } {
  const node = Object.hasOwn(state.nodes, name) ? state.nodes[name] : undefined;
  if (!node) return noSuchNode(state, [name]);
  if (!node.paused)
    return refused(
      'NOTHING_TO_DO',
      `${name} is not kept stopped (it is ${node.status}); nothing was changed.`,
    );
  return {
    kind: OPERATION_KIND.RESUME,
    plan: plan(OPERATION_KIND.RESUME, state, [phase('start', [], 'serial', [startAgain(node)])]),
    nodes: [name],
  };
}

function noSuchNode(state: ClusterState, names: readonly string[]): { refused: Refused } {
  return refused(
    'NODE_NOT_FOUND',
    `Cluster ${state.name} has no node ${names.map((name) => JSON.stringify(name)).join(', ')}; nothing was changed. It has ${Object.keys(state.nodes).join(', ')}.`,
  );
}
