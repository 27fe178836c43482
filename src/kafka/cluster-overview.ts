// What there is to see of a cluster at a glance: its brokers with their replicas, and what is missing in total.
import { MillraceError } from '../model/errors.ts';
import { askUntilAnswered, sayUnanswered } from './ask.ts';
import { hostedReplicas, partitionHealth } from './cluster-metadata.ts';
import { NONE } from './wire/error-codes.ts';
import * as messages from './wire/messages/describe-quorum.ts';
import { metadata, type ClusterMetadata } from './wire/messages/metadata.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

export interface BrokerOverview extends KafkaAddress {
  /** Registered and unfenced. */
  registered: boolean;
  leaders: number;
  replicas: number;
  outOfSync: number;
}

export interface ClusterOverview {
  kafkaClusterId: string | null;
  /** Those asked for and those that are registered besides, by id. */
  brokers: BrokerOverview[];
  topics: number;
  partitions: number;
  /** Counts of partitions. */
  offline: number;
  underReplicated: number;
  /** The controller that leads the metadata quorum, a node of its own under KRaft; null when it could not be told. */
  quorumLeader: number | null;
}

/**
 * Asks one broker after the other until one answers; that one also asks the controllers for the quorum's leader.
 *
 * @throws MillraceError KAFKA_UNREACHABLE when none answers; the reason of the signal when it is aborted
 */
export async function clusterOverview(
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<ClusterOverview> {
  const answers = await askUntilAnswered(brokers, options, async (connection) => {
    const cluster = await connection.request(metadata, { topics: null });
    const quorum = connection.supports(messages.describeQuorum)
      ? await connection.request(messages.describeQuorum, undefined)
      : null;
    return { cluster, quorum };
  });
  const last = answers.at(-1);
  if (!last || 'why' in last)
    throw new MillraceError(
      'KAFKA_UNREACHABLE',
      `The brokers were asked for an overview and none answered: ${sayUnanswered('broker', answers)}. ` +
        'Nothing was changed. Check that the brokers run and that their addresses can be reached from here.',
    );
  const { cluster, quorum } = last.said;
  const { partitions, offline, underReplicated } = partitionHealth(cluster);
  return {
    kafkaClusterId: cluster.clusterId,
    brokers: brokerOverviews(brokers, cluster),
    topics: cluster.topics.length,
    partitions,
    offline: offline.length,
    underReplicated: underReplicated.length,
    quorumLeader: quorum?.errorCode === NONE ? quorum.quorum.leaderId : null,
  };
}

/** The address that a broker advertises is the one that clients use: it counts before the one that was asked. */
function brokerOverviews(asked: readonly KafkaAddress[], cluster: ClusterMetadata): BrokerOverview[] {
  const byId = new Map([...asked, ...cluster.brokers].map((address) => [address.nodeId, address]));
  return [...byId.values()]
    .sort((a, b) => a.nodeId - b.nodeId)
    .map(({ nodeId, host, port }) => {
      const { leaders, replicas, outOfSync } = hostedReplicas(cluster, nodeId);
      const registered = cluster.brokers.some((broker) => broker.nodeId === nodeId);
      return { nodeId, host, port, registered, leaders, replicas, outOfSync: outOfSync.length };
    });
}
