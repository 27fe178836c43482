// The door of the Kafka client: what activities, the API and the local stack may use.
export { electPreferredLeaders, electUncleanLeaders, unregisterBroker } from './admin-requests.ts';
export { brokerReadiness, type BrokerReadiness } from './broker-readiness.ts';
export { clusterOverview, type BrokerOverview, type ClusterOverview } from './cluster-overview.ts';
export { controllerReadiness } from './controller-readiness.ts';
export { describeQuorum } from './describe-quorum.ts';
export { describeReplication } from './describe-replication.ts';
export { describeVoters } from './describe-voters.ts';
export { createKafka } from './kafkajs-client.ts';
export { applyDynamicConfig } from './dynamic-config.ts';
export {
  beginMoves,
  cancelMoves,
  cordonBroker,
  diskUse,
  readThrottle,
  restoreThrottle,
  setThrottle,
  type DiskUse,
  type EarlierThrottle,
} from './reassign.ts';
export { removeVoter } from './remove-voter.ts';
export { bytesToReplicate } from './replica-bytes.ts';
export { replaceVoter, type VoterReplacement } from './replace-voter.ts';
export { verifyCluster, type VerifyClusterInput } from './verify-cluster.ts';
export type { AskOptions, KafkaAddress, Readiness } from './types.ts';
