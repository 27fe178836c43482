// The door of the Kafka client: what activities, the API and the local stack may use.
export { brokerReadiness, type BrokerReadiness } from './broker-readiness.ts';
export { controllerReadiness } from './controller-readiness.ts';
export { describeQuorum } from './describe-quorum.ts';
export type { AskOptions, KafkaAddress, Readiness } from './types.ts';
