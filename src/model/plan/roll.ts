// The phases that restart nodes of a serving cluster: controllers before brokers, what is down first, by the strategy asked for.
import { NODE_KIND, NODE_STATUS, type ClusterState, type NodeState } from '../cluster.ts';
import { fieldOf } from '../placement/field.ts';
import { gatedStop, nodesOf, phase, startAgain } from './build.ts';
import type { PlanPhase, PlanStep } from './plan.ts';

/** How brokers are restarted. Controllers always go one after the other. */
export type RollStrategy = 'serial' | 'rack-parallel' | { canary: number };

/** The last phases of a roll: what follows it waits for these. */
export const ROLLED = ['controllers', 'brokers'] as const;

/**
 * Restarts the named nodes. Each is stopped behind its gate and started again, and the next begins when it is in sync.
 *
 * @param after phases that must have ended before
 */
export function rollPhases(
  state: ClusterState,
  names: readonly string[],
  { strategy, after }: { strategy: RollStrategy; after: readonly string[] },
): PlanPhase[] {
  const ofKind = (kind: string) =>
    downFirst(nodesOf(state, kind).filter((node) => names.includes(node.name) && node.paused === undefined));
  const brokers = ofKind(NODE_KIND.BROKER);
  const controllers: PlanPhase = {
    ...phase('controllers', [...after], 'serial', oneByOne(ofKind(NODE_KIND.CONTROLLER))),
    activeLast: true,
  };
  return [controllers, ...brokerPhases(state, brokers, strategy)];
}

function brokerPhases(state: ClusterState, brokers: NodeState[], strategy: RollStrategy): PlanPhase[] {
  if (strategy === 'rack-parallel') return rackPhases(state, brokers);
  const canaries = typeof strategy === 'object' ? strategy.canary : 0;
  if (canaries === 0 || canaries >= brokers.length)
    return [phase('brokers', ['controllers'], 'serial', oneByOne(brokers))];
  return [
    phase('canary', ['controllers'], 'serial', oneByOne(brokers.slice(0, canaries))),
    phase('approve', ['canary'], 'serial', [
      {
        id: 'approve',
        title: `wait until a person approves that the other ${brokers.length - canaries} follow`,
        action: { kind: 'approve' },
      },
    ]),
    phase('brokers', ['approve'], 'serial', oneByOne(brokers.slice(canaries))),
  ];
}

/** All of a rack at once, one rack after the other; brokers that have no rack are a rack of their own. */
function rackPhases(state: ClusterState, brokers: NodeState[]): PlanPhase[] {
  const racks = [...new Set(brokers.map((broker) => rackOf(state, broker) ?? ''))].sort();
  let before = 'controllers';
  const phases = racks.flatMap((rack) => {
    const members = brokers.filter((broker) => (rackOf(state, broker) ?? '') === rack);
    const names = members.map(({ name }) => name);
    const [stop, start] = [`stop rack ${rack}`, `start rack ${rack}`];
    const made = [
      phase(
        stop,
        [before],
        'parallel',
        names.map((name) => gatedStop(name, names)),
      ),
      phase(start, [stop], 'parallel', members.map(startAgain)),
    ];
    before = start;
    return made;
  });
  // What follows a roll waits for "brokers", whatever the strategy.
  return [...phases, phase('brokers', [before], 'serial', [])];
}

function oneByOne(nodes: readonly NodeState[]): PlanStep[] {
  return nodes.flatMap((node) => [gatedStop(node.name), startAgain(node)]);
}

/** A node that is down already has nothing to lose, and may need the change to come up. */
function downFirst(nodes: readonly NodeState[]): NodeState[] {
  const isDown = ({ status }: NodeState) => status !== NODE_STATUS.READY;
  return [...nodes.filter(isDown), ...nodes.filter((node) => !isDown(node))];
}

/** The rack that Kafka is told of a placed broker; undefined when it has none. */
export function rackOf(state: Pick<ClusterState, 'spec'>, { placement }: NodeState): string | undefined {
  const { rack } = state.spec;
  return rack === undefined || placement === null ? undefined : fieldOf(placement, rack);
}
