// Whether a broker may be stopped: no partition may fall below its min.insync.replicas by it.
import { count, nameNodes, nameSome } from '../names.ts';
import { SPARELESS_POLICY, type Gate, type SparelessPolicy } from './gate.ts';
import {
  isServing,
  judgedPartitions,
  saySilent,
  type JudgedPartition,
  type ReplicationSnapshot,
} from './snapshot.ts';

/**
 * Open when every partition keeps enough replicas in sync without the broker, none is offline elsewhere, none that the
 * broker may help is short of replicas, and none is being moved. Only brokers that serve and answer are counted on.
 *
 * A broker that is fenced or not registered serves nothing and is in no ISR: stopping it takes nothing away, and a hung
 * one has to be stopped before it can be started, so the gate is open. A partition whose replication factor is not
 * above its min.insync.replicas can never spare a replica: under `wait` it keeps the gate closed; under `allow` all its
 * other replicas have to be in sync.
 *
 * @param together brokers that are stopped at the same time: none of them is counted on either, and none may share a partition with
 *   the broker. However few replicas writes need, one fault more must not be the last
 */
export function brokerStopGate(
  snapshot: ReplicationSnapshot,
  brokerId: number,
  policy: SparelessPolicy,
  together: readonly number[] = [],
): Gate {
  if (!isServing(snapshot, brokerId)) return { open: true };
  const partitions = judgedPartitions(snapshot);
  const stopped = [brokerId, ...together];
  const reasons = [
    sayReassigning(snapshot),
    sayOffline(partitions, stopped),
    sayShared(partitions, brokerId, together),
    saySpareless(partitions, brokerId, policy),
    sayBelow(partitions, stopped, policy),
    sayRecovering(partitions, brokerId),
  ].filter((reason) => reason !== null);
  if (reasons.length === 0) return { open: true };
  const reason = `broker ${brokerId} must not be stopped yet: ${reasons.join('; ')}${saySilent(snapshot, brokerId)}`;
  return { open: false, reason };
}

function sayReassigning({ reassigning }: ReplicationSnapshot): string | null {
  if (reassigning.length === 0) return null;
  return `the replicas of ${count(reassigning.length, 'partition')} are being moved: ${nameSome(reassigning)}`;
}

/** Without a leader that serves. Those that only this broker has are left out: whether it runs is their only hope. */
function sayOffline(partitions: readonly JudgedPartition[], stopped: readonly number[]): string | null {
  const offline = partitions.filter(
    ({ state, live }) =>
      !live.includes(state.leader) &&
      !stopped.includes(state.leader) &&
      state.replicas.some((replica) => !stopped.includes(replica)),
  );
  if (offline.length === 0) return null;
  const names = offline.map(({ name, state }) =>
    state.leader < 0
      ? name
      : `${name} (led by broker ${state.leader}, which is not in sync or does not serve)`,
  );
  return `${count(offline.length, 'partition')} elsewhere ${offline.length === 1 ? 'has' : 'have'} no leader: ${nameSome(names)}`;
}

function sayShared(
  partitions: readonly JudgedPartition[],
  brokerId: number,
  together: readonly number[],
): string | null {
  const shared = partitions.flatMap(({ name, state: { replicas } }) => {
    const others = together.filter((other) => replicas.includes(other));
    return replicas.includes(brokerId) && others.length > 0
      ? [`${name} (also on ${nameNodes('broker', others)})`]
      : [];
  });
  if (shared.length === 0) return null;
  return (
    `${count(shared.length, 'partition')} ${shared.length === 1 ? 'has' : 'have'} more than one replica on the brokers that are to be stopped together: ${nameSome(shared)}. ` +
    'Rebalance over the racks first, or restart one broker after the other (update.strategy: serial)'
  );
}

function saySpareless(
  partitions: readonly JudgedPartition[],
  brokerId: number,
  policy: SparelessPolicy,
): string | null {
  if (policy === SPARELESS_POLICY.ALLOW) return null;
  const spareless = partitions.filter(
    (partition) => partition.state.replicas.includes(brokerId) && isSpareless(partition),
  );
  if (spareless.length === 0) return null;
  const names = spareless.map(
    ({ name, minInsync, state }) =>
      `${name} (replication factor ${state.replicas.length}, min.insync.replicas ${minInsync})`,
  );
  return (
    `${count(spareless.length, 'partition')} can never spare a replica, and the policy for such is to wait: ${nameSome(names)}. ` +
    'Give them more replicas, lower their min.insync.replicas, or allow it in the spec (update.spareless: allow)'
  );
}

function sayBelow(
  partitions: readonly JudgedPartition[],
  stopped: readonly number[],
  policy: SparelessPolicy,
): string | null {
  const below = partitions.flatMap((partition) => {
    const { name, state, live } = partition;
    if (!state.isr.some((replica) => stopped.includes(replica))) return [];
    // Under `wait` they are named already.
    if (isSpareless(partition) && policy === SPARELESS_POLICY.WAIT) return [];
    const left = live.filter((broker) => !stopped.includes(broker)).length;
    const needed = leastWithout(partition);
    return left < needed ? [`${name} (${left} left, ${needed} needed)`] : [];
  });
  if (below.length === 0) return null;
  return `${count(below.length, 'partition')} would have too few replicas in sync without it: ${nameSome(below)}`;
}

/** The broker may be the next to be in sync with a partition that takes no writes: stopping it would delay that. */
function sayRecovering(partitions: readonly JudgedPartition[], brokerId: number): string | null {
  const recovering = partitions.filter(
    ({ minInsync, state, live }) =>
      state.replicas.includes(brokerId) &&
      !state.isr.includes(brokerId) &&
      hasOthers(state.replicas, brokerId) &&
      live.length < Math.min(minInsync, state.replicas.length),
  );
  if (recovering.length === 0) return null;
  const names = recovering.map(
    ({ name, minInsync, state, live }) =>
      `${name} (${live.length} of ${Math.min(minInsync, state.replicas.length)} in sync)`,
  );
  return `${count(recovering.length, 'partition')} that it is catching up with ${recovering.length === 1 ? 'is' : 'are'} short of replicas in sync: ${nameSome(names)}`;
}

function isSpareless({ minInsync, state }: JudgedPartition): boolean {
  return state.replicas.length <= minInsync;
}

/** How many have to be left: what writes need, or, where that cannot be, all the others. */
function leastWithout({ minInsync, state }: JudgedPartition): number {
  return Math.min(minInsync, state.replicas.length - 1);
}

function hasOthers(replicas: readonly number[], brokerId: number): boolean {
  return replicas.some((replica) => replica !== brokerId);
}
