// Whether a broker may be counted on: registered, unfenced, and every replica that it hosts in sync.
import { MillraceError } from '../model/errors.ts';
import type { TopicPartition } from '../model/safety/snapshot.ts';
import { askOne, askUntilAnswered, nameNodes, nameSome, sayUnanswered, type Answer } from './ask.ts';
import { hostedReplicas } from './cluster-metadata.ts';
import { NONE } from './wire/error-codes.ts';
import { describeCluster } from './wire/messages/describe-cluster.ts';
import { metadata, type ClusterMetadata } from './wire/messages/metadata.ts';
import type { Connection } from './wire/connection.ts';
import type { AskOptions, KafkaAddress, Readiness } from './types.ts';

/** Other brokers that are asked for a second opinion; each that is frozen costs WITNESS_TIMEOUT_MS. */
const MAX_WITNESSES = 3;
const WITNESS_TIMEOUT_MS = 2_000;

/** Readiness, and how far the broker's replicas are; null while nobody could tell. */
export type BrokerReadiness = Readiness & {
  progress: { replicas: number; inSync: number } | null;
  /** Partitions on this broker that nobody leads although it serves. */
  leaderless?: TopicPartition[];
  /** Another broker answers and knows nothing of this one, which does not answer. */
  isUnheardOf?: true;
  /** Neither this broker nor another one answers. */
  nobodyAnswers?: true;
};

/**
 * Ready when the broker itself answers, is registered and unfenced, and all its replicas are in their ISRs. The broker
 * is asked first: until the session of a killed predecessor has expired, the others still list that one as alive and in
 * sync. One other broker has to agree, if one answers: a broker that lost the controllers believes in its old metadata.
 * All else, unreachable brokers included, is said in `waitingFor`.
 *
 * @throws MillraceError INTERNAL when `nodeId` is not one of `brokers`; the reason of the signal when it is aborted
 */
export async function brokerReadiness(
  nodeId: number,
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<BrokerReadiness> {
  const own = brokers.find((broker) => broker.nodeId === nodeId);
  if (!own)
    throw new MillraceError(
      'INTERNAL',
      `Broker ${nodeId} was asked for without its address. Report this as a bug.`,
    );
  const byItself = await askOne(own, options, (connection) => look(connection, nodeId));
  if ('why' in byItself) {
    const heard = await askUntilAnswered(witnessesOf(nodeId, brokers), shortened(options), (connection) =>
      lookAtBrokers(connection, nodeId),
    );
    return {
      ready: false,
      waitingFor: sayUnreachable(byItself, heard),
      progress: null,
      ...(isUnheardOf(nodeId, heard) ? { isUnheardOf: true } : {}),
      ...(heard.some((answer) => 'said' in answer) ? {} : { nobodyAnswers: true }),
    };
  }
  const verdict = judgeBroker(nodeId, byItself.said);
  if (!verdict.ready) return verdict;
  // A broker that this one lists as down may be the one with old metadata: it is no witness.
  const alive = byItself.said.metadata.brokers.map((broker) => broker.nodeId);
  const witnesses = witnessesOf(
    nodeId,
    brokers.filter((broker) => alive.includes(broker.nodeId)),
  );
  const heard = (await askUntilAnswered(witnesses, shortened(options), (link) => look(link, nodeId))).at(-1);
  if (!heard || 'why' in heard) return verdict;
  const second = judgeBroker(nodeId, heard.said);
  if (second.ready) return verdict;
  return { ...second, waitingFor: `${second.waitingFor} (says broker ${heard.address.nodeId})` };
}

/** What one broker knows about another, or about itself. */
interface BrokerLook {
  metadata: ClusterMetadata;
  /** Registered, but not allowed to serve yet; null where Kafka cannot tell (before 4.0). */
  fenced: boolean | null;
}

/** The rule itself, on what one broker knows. */
export function judgeBroker(nodeId: number, { metadata: cluster, fenced }: BrokerLook): BrokerReadiness {
  const registered = cluster.brokers.map((broker) => broker.nodeId);
  if (!registered.includes(nodeId)) {
    const waitingFor = fenced
      ? `broker ${nodeId} is registered but still fenced: it has not caught up with the cluster's metadata`
      : `broker ${nodeId} is not registered yet (${nameNodes('broker', registered)} ${registered.length > 1 ? 'are' : 'is'})`;
    return { ready: false, waitingFor, progress: null };
  }
  const { replicas, outOfSync, leaderless } = hostedReplicas(cluster, nodeId);
  const progress = { replicas, inSync: replicas - outOfSync.length };
  if (outOfSync.length === 0) return { ready: true, progress };
  const verb = outOfSync.length === 1 ? 'is' : 'are';
  const waitingFor = `${outOfSync.length} of ${replicas} replicas on broker ${nodeId} ${verb} not in sync: ${nameSome(outOfSync)}`;
  return { ready: false, waitingFor, progress, ...(leaderless.length > 0 ? { leaderless } : {}) };
}

async function look(connection: Connection, nodeId: number): Promise<BrokerLook> {
  return withFencing(connection, nodeId, await connection.request(metadata, { topics: null }));
}

/** As {@link look}, without topics: enough to tell who is registered, and cheap while a broker is long in starting. */
async function lookAtBrokers(connection: Connection, nodeId: number): Promise<BrokerLook> {
  return withFencing(connection, nodeId, await connection.request(metadata, { topics: [] }));
}

async function withFencing(
  connection: Connection,
  nodeId: number,
  cluster: ClusterMetadata,
): Promise<BrokerLook> {
  const listed = cluster.brokers.some((broker) => broker.nodeId === nodeId);
  if (listed || !connection.supports(describeCluster))
    return { metadata: cluster, fenced: listed ? false : null };
  const { errorCode, brokers } = await connection.request(describeCluster, undefined);
  if (errorCode !== NONE) return { metadata: cluster, fenced: null };
  return { metadata: cluster, fenced: brokers.some((broker) => broker.nodeId === nodeId && broker.fenced) };
}

/** One that is fenced has been heard of: it catches up, or recovers its logs, which may take hours. */
function isUnheardOf(nodeId: number, heard: readonly Answer<BrokerLook>[]): boolean {
  const other = heard.find((answer) => 'said' in answer);
  if (!other) return false;
  const { metadata: cluster, fenced } = other.said;
  return fenced === false && cluster.brokers.every((broker) => broker.nodeId !== nodeId);
}

function sayUnreachable(own: Answer<BrokerLook>, heard: readonly Answer<BrokerLook>[]): string {
  const { nodeId, host, port } = own.address;
  const other = heard.find((answer) => 'said' in answer);
  if (!other) return `no broker answers (${sayUnanswered('broker', [own, ...heard])})`;
  const why = 'why' in own ? own.why : '';
  const verdict = judgeBroker(nodeId, other.said);
  const standing = verdict.ready ? `broker ${nodeId} was registered` : verdict.waitingFor;
  return `${standing}; it does not answer at ${host}:${port}: ${why}`;
}

/** The next ones by id, so that not every broker's look ends at the same witness. */
function witnessesOf(nodeId: number, brokers: readonly KafkaAddress[]): KafkaAddress[] {
  const others = brokers.filter((broker) => broker.nodeId !== nodeId).sort((a, b) => a.nodeId - b.nodeId);
  const after = others.findIndex((broker) => broker.nodeId > nodeId);
  const ring = after < 0 ? others : [...others.slice(after), ...others.slice(0, after)];
  return ring.slice(0, MAX_WITNESSES);
}

function shortened(options: AskOptions): AskOptions {
  return { ...options, timeoutMs: Math.min(options.timeoutMs ?? WITNESS_TIMEOUT_MS, WITNESS_TIMEOUT_MS) };
}
