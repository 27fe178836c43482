// The plans of the operations: pure functions of the cluster's state.
import { NODE_KIND, NODE_STATUS, OPERATION_KIND, type NodeState } from '../cluster.ts';
import { canonicalJson, sha256Hex } from '../hash.ts';
import { count, nameSome } from '../names.ts';
import { sayCopied, type ReplaceImpact } from '../safety/broker-replace-gate.ts';
import { gatedStop, nodesOf, phase, plan, step, type Nodes } from './build.ts';
import type { Plan, PlanStep } from './plan.ts';

/**
 * Install: every node is reserved before the first JVM starts, so that all addresses are known and nothing runs in a
 * cluster that does not fit. Brokers start beside the controllers: a broker waits for its quorum by itself, and the
 * verification waits for both.
 */
export function planInstall(cluster: Nodes): Plan {
  const controllers = nodesOf(cluster, NODE_KIND.CONTROLLER);
  const brokers = nodesOf(cluster, NODE_KIND.BROKER);
  return plan(OPERATION_KIND.INSTALL, cluster, [
    phase(
      'reserve',
      [],
      'parallel',
      [...controllers, ...brokers].map((node) => step('place', node.name)),
    ),
    phase(
      'controllers',
      ['reserve'],
      'parallel',
      controllers.map((node) => step('start', node.name)),
    ),
    phase(
      'brokers',
      ['reserve'],
      'parallel',
      brokers.map((node) => step('start', node.name)),
    ),
    phase('verify', ['controllers', 'brokers'], 'serial', [
      { id: 'verify', title: 'produce to and consume from a canary topic', action: { kind: 'verify' } },
    ]),
  ]);
}

/** Uninstall: brokers before their controllers, resources when no process holds them, the framework last. */
export function planUninstall(cluster: Nodes): Plan {
  const all = [...nodesOf(cluster, NODE_KIND.CONTROLLER), ...nodesOf(cluster, NODE_KIND.BROKER)].filter(
    (node) => node.status !== NODE_STATUS.RELEASED,
  );
  const stops = (nodes: NodeState[]) =>
    nodes.filter((node) => node.launches > 0).map((node) => step('stop', node.name));
  const ofKind = (kind: string) => all.filter((node) => node.kind === kind);
  return plan(OPERATION_KIND.UNINSTALL, cluster, [
    phase('stop brokers', [], 'parallel', stops(ofKind(NODE_KIND.BROKER))),
    phase('stop controllers', ['stop brokers'], 'parallel', stops(ofKind(NODE_KIND.CONTROLLER))),
    phase(
      'release',
      ['stop controllers'],
      'parallel',
      all.map((node) => step('release', node.name)),
    ),
    phase('deregister', ['release'], 'serial', [
      { id: 'deregister', title: 'remove the framework from Mesos', action: { kind: 'deregister' } },
    ]),
  ]);
}

/**
 * Recover: the named nodes are started again where they are, all at once. They are down already, so nothing more is lost by
 * it, and one after the other could wait for ever: controllers need a majority, and a replica its leader.
 */
export function planRecover(cluster: Nodes, names: readonly string[]): Plan {
  const starts = (kind: string) =>
    nodesOf(cluster, kind)
      .filter((node) => names.includes(node.name))
      .map((node) => step('start', node.name));
  return plan(OPERATION_KIND.RECOVER, cluster, [
    phase('controllers', [], 'parallel', starts(NODE_KIND.CONTROLLER)),
    phase('brokers', [], 'parallel', starts(NODE_KIND.BROKER)),
  ]);
}

/**
 * Replace: the node gets another agent, port and volume under its `node.id`. The new place is reserved before a node that still
 * runs is stopped; nothing is reserved for one that is down before Kafka can do without its data. What it leaves is
 * released last.
 *
 * @param options `force`: Kafka is not asked, and records may be lost; `impact`: what is known of that, to be shown
 */
export function planReplace(
  cluster: Nodes,
  name: string,
  { force = false, impact }: { force?: boolean; impact?: ReplaceImpact } = {},
): Plan {
  const runs = cluster.nodes[name]?.status === NODE_STATUS.READY;
  const gate = (after: string[]) =>
    phase('gate', after, 'serial', [force ? giveUp(name) : step('replaceable', name)]);
  const reserve = (after: string[]) => phase('reserve', after, 'serial', [step('relocate', name)]);
  const replace = plan(OPERATION_KIND.REPLACE, cluster, [
    ...(runs
      ? [
          reserve([]),
          phase('stop', ['reserve'], 'serial', [force ? step('stop', name) : gatedStop(name)]),
          gate(['stop']),
        ]
      : [gate([]), reserve(['gate'])]),
    phase('start', ['reserve', 'gate'], 'serial', [
      {
        id: `start:${name}`,
        title: `start ${name} on its new agent and wait until it is in sync`,
        action: { kind: 'start', node: name, elsewhere: true },
      },
    ]),
    phase('release', ['start'], 'serial', [step('releaseFormer', name)]),
  ]);
  return impact ? { ...replace, changes: impactLines(name, impact) } : replace;
}

function giveUp(name: string): PlanStep {
  return {
    id: `replaceable:${name}`,
    title: `give up what only ${name} has (forced), once Kafka counts it as down`,
    action: { kind: 'replaceable', node: name, force: true },
  };
}

function impactLines(name: string, impact: ReplaceImpact): string[] {
  const { onlyHere } = impact;
  const lost =
    onlyHere.length === 0
      ? []
      : [
          `${count(onlyHere.length, 'partition')} that nobody else has in full may lose records: ${nameSome(onlyHere)}`,
        ];
  return [`${name} gets an empty disk: ${sayCopied(impact)}, copied from the others`, ...lost];
}

/**
 * Drain: the nodes of an agent that goes into maintenance are stopped one after the other. Each is started when the agent is
 * offered without maintenance, whether the others have been stopped by then or not.
 */
export function planDrain(cluster: Nodes, names: readonly string[]): Plan {
  return plan(
    OPERATION_KIND.DRAIN,
    cluster,
    names.flatMap((name, index) => [
      phase(`stop ${name}`, index === 0 ? [] : [`stop ${names[index - 1] ?? ''}`], 'serial', [
        gatedStop(name),
      ]),
      phase(`start ${name}`, [`stop ${name}`], 'serial', [step('start', name)]),
    ]),
  );
}

/** Adopt: a new framework takes over what the removed one left: reservations, volumes, and so every record. */
export function planAdopt(cluster: Nodes): Plan {
  const starts = (kind: string) =>
    nodesOf(cluster, kind)
      .filter(({ placement, status }) => placement !== null && status !== NODE_STATUS.READY)
      .map((node) => step('start', node.name));
  return plan(OPERATION_KIND.ADOPT, cluster, [
    phase('register', [], 'serial', [
      { id: 'register', title: 'subscribe with Mesos as a new framework', action: { kind: 'register' } },
    ]),
    phase('controllers', ['register'], 'parallel', starts(NODE_KIND.CONTROLLER)),
    phase('brokers', ['register'], 'parallel', starts(NODE_KIND.BROKER)),
  ]);
}

/** Hash of a plan: what `approve` names, and what proves that the plan shown is the plan run. */
export function planHash(plan: Plan): string {
  return sha256Hex(canonicalJson(plan));
}
