// Kafka's numeric error codes by name, as far as the requests sent here can get them.
// Source: org.apache.kafka.common.protocol.Errors.

const NAMES: Record<number, string> = {
  [-1]: 'UNKNOWN_SERVER_ERROR',
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  8: 'BROKER_NOT_AVAILABLE',
  9: 'REPLICA_NOT_AVAILABLE',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  35: 'UNSUPPORTED_VERSION',
  37: 'INVALID_PARTITIONS',
  38: 'INVALID_REPLICATION_FACTOR',
  39: 'INVALID_REPLICA_ASSIGNMENT',
  40: 'INVALID_CONFIG',
  41: 'NOT_CONTROLLER',
  42: 'INVALID_REQUEST',
  56: 'KAFKA_STORAGE_ERROR',
  74: 'FENCED_LEADER_EPOCH',
  75: 'UNKNOWN_LEADER_EPOCH',
  80: 'PREFERRED_LEADER_NOT_AVAILABLE',
  85: 'NO_REASSIGNMENT_IN_PROGRESS',
  84: 'ELECTION_NOT_NEEDED',
  89: 'THROTTLING_QUOTA_EXCEEDED',
  102: 'BROKER_ID_NOT_REGISTERED',
  104: 'INCONSISTENT_CLUSTER_ID',
  125: 'INVALID_VOTER_KEY',
  126: 'DUPLICATE_VOTER',
  127: 'VOTER_NOT_FOUND',
};

/** No error. */
export const NONE = 0;
/** There is no such topic, or the node asked has not heard of it. */
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
/** There is no leader at the moment. */
export const LEADER_NOT_AVAILABLE = 5;
/** The preferred leader leads already. */
export const ELECTION_NOT_NEEDED = 84;
/** There is no move that could be called off. */
export const NO_REASSIGNMENT_IN_PROGRESS = 85;
export const BROKER_ID_NOT_REGISTERED = 102;

/** What a repetition does not change: the node cannot do it, will not let us, or does not understand it. */
const REFUSALS = [31, 35, 38, 39, 40, 42, 125];

/** Whether a person has to look at an admin request that was answered with this code; all others are tried again. */
export function isRefusal(code: number): boolean {
  return REFUSALS.includes(code);
}

/** The name of a code, or the code itself when it is not one of those above. */
export function errorName(code: number): string {
  return NAMES[code] ?? `error code ${code}`;
}
