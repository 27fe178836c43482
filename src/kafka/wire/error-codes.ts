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
  41: 'NOT_CONTROLLER',
  42: 'INVALID_REQUEST',
  56: 'KAFKA_STORAGE_ERROR',
  74: 'FENCED_LEADER_EPOCH',
  75: 'UNKNOWN_LEADER_EPOCH',
  89: 'THROTTLING_QUOTA_EXCEEDED',
  104: 'INCONSISTENT_CLUSTER_ID',
};

/** No error. */
export const NONE = 0;
/** There is no such topic, or the node asked has not heard of it. */
export const UNKNOWN_TOPIC_OR_PARTITION = 3;

/** The name of a code, or the code itself when it is not one of those above. */
export function errorName(code: number): string {
  return NAMES[code] ?? `error code ${code}`;
}
