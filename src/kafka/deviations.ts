// In what a cluster differs from what it should be: its id, its brokers, its replicas, its metadata quorum.
import { askEach, nameNodes, nameSome, sayUnanswered, type Answer } from './ask.ts';
import { partitionHealth } from './cluster-metadata.ts';
import { lookAtQuorum, type QuorumLook } from './describe-quorum.ts';
import { metadata, type ClusterMetadata } from './wire/messages/metadata.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** The cluster as it was asked for. */
export interface ExpectedCluster {
  kafkaClusterId: string;
  brokers: readonly KafkaAddress[];
  /** Empty for a cluster without KRaft: then no quorum is looked at. */
  controllers: readonly KafkaAddress[];
}

interface Deviations {
  /** In words, one a fact; empty when all is as it should be. */
  facts: string[];
  /** Whether some broker, or every controller, could not be asked at all. */
  unreachable: boolean;
}

/** Asks every broker for its own view, and the controllers for the quorum. */
export async function findDeviations(
  expected: ExpectedCluster,
  options: AskOptions = {},
): Promise<Deviations> {
  const [views, quorum] = await Promise.all([
    askEach(expected.brokers, options, (connection) => connection.request(metadata, { topics: null })),
    expected.controllers.length > 0 ? lookAtQuorum(expected.controllers, options) : null,
  ]);
  const unanswered = sayUnanswered('broker', views);
  const facts = [
    ...(unanswered === '' ? [] : [`no answer from ${unanswered}`]),
    ...brokerFacts(expected, views),
    ...(quorum ? quorumFacts(expected, quorum) : []),
  ];
  const quorumSilent = quorum !== null && quorum.answers.every((answer) => 'why' in answer);
  return { facts, unreachable: unanswered !== '' || quorumSilent };
}

/** The same fact told by several brokers is one fact: all are about one cluster. */
function brokerFacts(expected: ExpectedCluster, views: readonly Answer<ClusterMetadata>[]): string[] {
  const facts = views.flatMap((view) =>
    'said' in view ? viewFacts(expected, view.address.nodeId, view.said) : [],
  );
  return [...new Set(facts)];
}

function viewFacts(expected: ExpectedCluster, teller: number, view: ClusterMetadata): string[] {
  const facts: string[] = [];
  if (view.clusterId !== expected.kafkaClusterId)
    facts.push(
      `broker ${teller} belongs to cluster ${view.clusterId ?? '(none)'}, not ${expected.kafkaClusterId}`,
    );
  const expectedIds = expected.brokers.map((broker) => broker.nodeId);
  const seenIds = view.brokers.map((broker) => broker.nodeId);
  const missing = expectedIds.filter((id) => !seenIds.includes(id));
  const surplus = seenIds.filter((id) => !expectedIds.includes(id));
  if (missing.length > 0) facts.push(`${nameNodes('broker', missing)} not registered`);
  if (surplus.length > 0)
    facts.push(`${nameNodes('broker', surplus)} registered although not part of the cluster`);
  for (const { nodeId, host, port } of view.brokers) {
    const right = expected.brokers.find((broker) => broker.nodeId === nodeId);
    if (right && (right.host !== host || right.port !== port))
      facts.push(`broker ${nodeId} advertises ${host}:${port}, expected ${right.host}:${right.port}`);
  }
  const { offline, underReplicated } = partitionHealth(view);
  if (offline.length > 0) facts.push(`${offline.length} partitions are offline: ${nameSome(offline)}`);
  if (underReplicated.length > 0)
    facts.push(`${underReplicated.length} partitions are under-replicated: ${nameSome(underReplicated)}`);
  return facts;
}

function quorumFacts(expected: ExpectedCluster, { quorum, problem }: QuorumLook): string[] {
  if (!quorum) return [problem];
  const wanted = expected.controllers.map((controller) => controller.nodeId);
  const voters = quorum.voters.map((voter) => voter.nodeId);
  if (voters.length === wanted.length && wanted.every((id) => voters.includes(id))) return [];
  return [
    `the voters of the metadata quorum are ${nameNodes('controller', voters)}, expected ${nameNodes('controller', wanted)}`,
  ];
}
