// The plan that brings a cluster to another spec.
import type { ApplyRequest } from '../change-request.ts';
import { changeLines, describeChange, isUnchanged, type SpecChange } from '../change/describe.ts';
import { NODE_KIND, OPERATION_KIND, type ClusterState } from '../cluster.ts';
import { count } from '../names.ts';
import { refuseChange } from '../spec/refuse-change.ts';
import type { ClusterSpec } from '../spec/schema.ts';
import { gatedStop, phase, plan, step } from './build.ts';
import { MOVED, movePhases } from './move.ts';
import type { PlanPhase, PlanStep } from './plan.ts';
import type { Planned } from './plan-change.ts';
import { refused, type Refused } from './refused.ts';
import { ROLLED, rollPhases, type RollStrategy } from './roll.ts';

/** Plans an apply, or says why it cannot be done, or that nothing would be. */
export function planApply(state: ClusterState, request: ApplyRequest): Planned | { refused: Refused } {
  const { spec, remove = [] } = request;
  const issues = refuseChange(state.spec, spec);
  if (issues.length > 0)
    return refused(
      'CHANGE_REFUSED',
      `Cluster ${state.name} cannot be changed like that; nothing was changed. ${issues.map(({ message }) => `${message}.`).join(' ')}`,
      { issues },
    );
  const change = describeChange(state, spec, remove);
  const removal = removalProblem(state, remove, change);
  if (removal !== null) return removal;
  if (isUnchanged(change))
    return refused(
      'NOTHING_TO_DO',
      `Cluster ${state.name} is as the spec says (generation ${state.generation}); nothing was changed.`,
      { generation: state.generation },
    );
  const kind = isScaleOnly(change) ? OPERATION_KIND.SCALE : OPERATION_KIND.UPDATE;
  const made = plan(kind, state, phasesOf(state, request, change));
  return { kind, plan: { ...made, changes: changeLines(change) } };
}

function removalProblem(
  state: ClusterState,
  remove: readonly string[],
  { brokers }: SpecChange,
): { refused: Refused } | null {
  const unknown = remove.filter((name) => state.nodes[name]?.kind !== NODE_KIND.BROKER);
  if (unknown.length > 0)
    return refused(
      'NODE_NOT_FOUND',
      `Cluster ${state.name} has no broker ${unknown.join(', ')}; nothing was changed. It has ${Object.keys(state.nodes).join(', ')}.`,
    );
  const left = remove.filter((name) => !brokers.removed.includes(name));
  return left.length === 0
    ? null
    : refused(
        'REQUEST_INVALID',
        `${count(remove.length, 'broker')} (${remove.join(', ')}) are to go, but the spec keeps ${brokers.to} of ${brokers.from}; nothing was changed. Accepted: a brokers.count of ${brokers.from - remove.length}.`,
      );
}

function isScaleOnly({ nodes, dynamic, other }: SpecChange): boolean {
  return nodes.length === 0 && dynamic.details.length === 0 && other.length === 0;
}

/**
 * What Kafka can change while it runs comes first, since Kafka checks it; then what only reserves; then nodes that come, then the
 * restarts, then replicas that move, then nodes that go.
 */
function phasesOf(state: ClusterState, request: ApplyRequest, change: SpecChange): PlanPhase[] {
  const { spec } = request;
  const { set, unset, details } = change.dynamic;
  const rolled = change.nodes.filter(({ restart }) => restart.length > 0).map(({ name }) => name);
  const configure: PlanStep = {
    id: 'configure',
    title: `change ${count(details.length, 'value')} while Kafka runs, and read back on each broker what it has`,
    action: { kind: 'configure', set, unset },
  };
  return [
    phase('configure', [], 'serial', details.length > 0 ? [configure] : []),
    phase(
      'grow',
      ['configure'],
      'parallel',
      change.nodes.filter(({ resources }) => resources.grows).map(({ name }) => step('grow', name)),
    ),
    ...comingPhases(change, ['grow']),
    ...rollPhases(state, rolled, { strategy: strategyOf(spec), after: ['new brokers'] }),
    ...movingPhases(request, change, [...ROLLED]),
    ...goingPhases(state, change, [MOVED, ...ROLLED]),
  ];
}

/** How a spec wants brokers to be restarted. */
function strategyOf({ update }: ClusterSpec): RollStrategy {
  if (update === undefined || update.strategy === 'serial') return 'serial';
  return update.strategy === 'canary' ? { canary: update.canaries } : 'rack-parallel';
}

/** New controllers join one after the other; new brokers come all at once. */
function comingPhases({ controllers, brokers }: SpecChange, after: string[]): PlanPhase[] {
  const steps = (kind: 'place' | 'start', names: readonly string[]) => names.map((name) => step(kind, name));
  return [
    phase('place controllers', after, 'parallel', steps('place', controllers.added)),
    phase('new controllers', ['place controllers'], 'serial', steps('start', controllers.added)),
    phase('place brokers', ['new controllers'], 'parallel', steps('place', brokers.added)),
    phase('new brokers', ['place brokers'], 'parallel', steps('start', brokers.added)),
  ];
}

function movingPhases({ rebalance }: ApplyRequest, { brokers }: SpecChange, after: string[]): PlanPhase[] {
  const { added, removed } = brokers;
  const moves = removed.length > 0 || (added.length > 0 && rebalance !== false);
  const cordon: PlanStep = {
    id: 'cordon',
    title: `keep new partitions away from ${removed.join(', ')}`,
    action: { kind: 'cordon', nodes: removed },
  };
  return [
    phase('cordon', after, 'serial', removed.length > 0 ? [cordon] : []),
    ...(moves
      ? movePhases({ after: ['cordon'], without: removed, approve: false })
      : [phase(MOVED, ['cordon'], 'serial', [])]),
  ];
}

/** Brokers that are empty and controllers that have left the quorum are stopped, forgotten and released. */
function goingPhases(
  state: ClusterState,
  { brokers, controllers }: SpecChange,
  after: string[],
): PlanPhase[] {
  const isPlaced = (name: string) => state.nodes[name]?.placement != null;
  const gone = [...brokers.removed, ...controllers.removed];
  const empty: PlanStep = {
    id: 'empty',
    title: `prove twice that ${brokers.removed.join(', ')} ${brokers.removed.length === 1 ? 'holds' : 'hold'} no replica`,
    action: { kind: 'empty', nodes: brokers.removed },
  };
  return [
    phase('prove empty', after, 'serial', brokers.removed.length > 0 ? [empty] : []),
    phase(
      'stop brokers',
      ['prove empty'],
      'serial',
      brokers.removed.filter(isPlaced).flatMap((name) => [gatedStop(name), step('unregister', name)]),
    ),
    phase(
      'stop controllers',
      ['stop brokers'],
      'serial',
      controllers.removed.flatMap((name) => [step('removeVoter', name), step('stop', name)]),
    ),
    phase(
      'release',
      ['stop controllers'],
      'parallel',
      gone.map((name) => step('release', name)),
    ),
  ];
}
