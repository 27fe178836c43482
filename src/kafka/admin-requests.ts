// Changes that any broker passes on to the active controller: leaders, and brokers that are to be forgotten.
import { MillraceError } from '../model/errors.ts';
import { count } from '../model/names.ts';
import type { TopicPartition } from '../model/safety/snapshot.ts';
import { askUntilAnswered, sayUnanswered } from './ask.ts';
import {
  BROKER_ID_NOT_REGISTERED,
  ELECTION_NOT_NEEDED,
  errorName,
  isRefusal,
  NONE,
} from './wire/error-codes.ts';
import { describeCluster } from './wire/messages/describe-cluster.ts';
import { ELECTION, electLeaders, type ElectLeadersRequest } from './wire/messages/elect-leaders.ts';
import * as unregister from './wire/messages/unregister-broker.ts';
import type { Connection } from './wire/connection.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** For elections of a whole cluster. */
const ELECTION_TIMEOUT_MS = 20_000;
const ELECTION_ASK_TIMEOUT_MS = 25_000;

/** How an election went. */
export interface Election {
  /** Partitions that have a new leader: `orders-4`. */
  elected: string[];
  /** Partitions that stay as they are, with or without a leader: nobody may lead them who does not already. */
  left: string[];
}

/**
 * Elects the preferred replica of every partition where it is in sync. Those where it is not keep their leader; one without a
 * leader gets any replica that is in sync, as far as Kafka knows one.
 *
 * @param partitions only these; all of the cluster otherwise
 * @throws MillraceError KAFKA_UNREACHABLE, KAFKA_NOT_READY when it may be tried again, KAFKA_REFUSED
 */
export function electPreferredLeaders(
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
  partitions: readonly TopicPartition[] | null = null,
): Promise<Election> {
  const whose = partitions === null ? 'all partitions' : count(partitions.length, 'partition');
  const asked = `elect the preferred leaders of ${whose}`;
  return elect({ type: ELECTION.PREFERRED, partitions }, { brokers, options, asked });
}

/**
 * Elects any replica that serves, in sync or not, for partitions without a leader. **Records that it lacks are lost**: only for
 * partitions whose full copies have been given up.
 *
 * @throws MillraceError as {@link electPreferredLeaders}
 */
export function electUncleanLeaders(
  partitions: readonly TopicPartition[],
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Election> {
  const asked = `elect what is left of ${count(partitions.length, 'partition')}`;
  return elect({ type: ELECTION.UNCLEAN, partitions }, { brokers, options, asked });
}

async function elect(
  request: Omit<ElectLeadersRequest, 'timeoutMs'>,
  about: { brokers: readonly KafkaAddress[]; asked: string; options: AskOptions },
): Promise<Election> {
  const { brokers, asked, options } = about;
  const patient = { ...options, timeoutMs: options.timeoutMs ?? ELECTION_ASK_TIMEOUT_MS };
  const { errorCode, results } = await askAny({ brokers, asked, options: patient }, (connection) =>
    connection.request(electLeaders, { ...request, timeoutMs: ELECTION_TIMEOUT_MS }),
  );
  demand(asked, errorCode, null);
  const named = (is: (result: { errorCode: number }) => boolean) =>
    results
      .filter(is)
      .map(({ partition }) => partition)
      .sort();
  return {
    elected: named((result) => result.errorCode === NONE),
    left: named((result) => result.errorCode !== NONE && result.errorCode !== ELECTION_NOT_NEEDED),
  };
}

/**
 * Makes the controllers forget a broker, unless it serves. One that they do not know (any more) is a success.
 *
 * @returns not ready while the broker still serves: it would register again
 * @throws MillraceError KAFKA_UNREACHABLE, KAFKA_NOT_READY when it may be tried again, KAFKA_REFUSED
 */
export async function unregisterBroker(
  brokerId: number,
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<{ ready: true } | { ready: false; waitingFor: string }> {
  const asked = `forget broker ${brokerId}`;
  const others = brokers.filter((broker) => broker.nodeId !== brokerId);
  const answer = await askAny({ brokers: others, asked, options }, async (connection) => {
    const cluster = await connection.request(describeCluster, undefined);
    if (cluster.errorCode !== NONE) return { errorCode: cluster.errorCode, errorMessage: null };
    if (cluster.brokers.some(({ nodeId, fenced }) => nodeId === brokerId && !fenced)) return 'serves';
    return connection.request(unregister.unregisterBroker, { brokerId });
  });
  if (answer === 'serves')
    return { ready: false, waitingFor: `broker ${brokerId} still counts as serving; it has to be stopped` };
  if (answer.errorCode !== BROKER_ID_NOT_REGISTERED) demand(asked, answer.errorCode, answer.errorMessage);
  return { ready: true };
}

/**
 * Asks one broker after the other until one answers.
 *
 * @param about.asked what is asked for, for the error: `forget broker 2`
 * @throws MillraceError KAFKA_UNREACHABLE when none does
 */
export async function askAny<T>(
  { brokers, asked, options }: { brokers: readonly KafkaAddress[]; asked: string; options: AskOptions },
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const answers = await askUntilAnswered(brokers, options, use);
  const last = answers.at(-1);
  if (last && 'said' in last) return last.said;
  throw new MillraceError(
    'KAFKA_UNREACHABLE',
    `The brokers were asked to ${asked} and none answered: ${sayUnanswered('broker', answers)}. ` +
      'It may have been done. Check that the brokers run; it is tried again by itself, and does no harm twice.',
  );
}

/** @throws MillraceError KAFKA_REFUSED or KAFKA_NOT_READY unless the code says that it was done */
export function demand(asked: string, errorCode: number, errorMessage: string | null): void {
  if (errorCode === NONE) return;
  const words = `${errorName(errorCode)}${errorMessage === null ? '' : `: ${errorMessage}`}`;
  throw isRefusal(errorCode)
    ? new MillraceError(
        'KAFKA_REFUSED',
        `Kafka was asked to ${asked}, and refused: ${words}. Nothing was changed. Put right what it refuses, and retry the step.`,
      )
    : new MillraceError(
        'KAFKA_NOT_READY',
        `Kafka was asked to ${asked}, and answered ${words}. It is tried again by itself, and does no harm twice.`,
      );
}
