// Changes that any broker passes on to the active controller: preferred leaders, and brokers that are to be forgotten.
import { MillraceError } from '../model/errors.ts';
import { askUntilAnswered, sayUnanswered } from './ask.ts';
import {
  BROKER_ID_NOT_REGISTERED,
  ELECTION_NOT_NEEDED,
  errorName,
  isRefusal,
  NONE,
} from './wire/error-codes.ts';
import { describeCluster } from './wire/messages/describe-cluster.ts';
import * as messages from './wire/messages/elect-leaders.ts';
import * as unregister from './wire/messages/unregister-broker.ts';
import type { Connection } from './wire/connection.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** For elections of a whole cluster. */
const ELECTION_TIMEOUT_MS = 20_000;
const ELECTION_ASK_TIMEOUT_MS = 25_000;

/** How an election went. */
export interface PreferredElection {
  elected: number;
  /** Partitions that keep their leader since the preferred one is not in sync: `orders-4`. */
  left: string[];
}

/**
 * Elects the preferred replica of every partition where it is in sync. Those where it is not keep their leader.
 *
 * @throws MillraceError KAFKA_UNREACHABLE, KAFKA_NOT_READY when it may be tried again, KAFKA_REFUSED
 */
export async function electPreferredLeaders(
  brokers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<PreferredElection> {
  const asked = 'elect the preferred leaders of all partitions';
  const patient = { ...options, timeoutMs: options.timeoutMs ?? ELECTION_ASK_TIMEOUT_MS };
  const { errorCode, results } = await askAny({ brokers, asked, options: patient }, (connection) =>
    connection.request(messages.electPreferredLeaders, { timeoutMs: ELECTION_TIMEOUT_MS }),
  );
  demand(asked, errorCode, null);
  return {
    elected: results.filter((result) => result.errorCode === NONE).length,
    left: results
      .filter((result) => result.errorCode !== NONE && result.errorCode !== ELECTION_NOT_NEEDED)
      .map(({ partition }) => partition)
      .sort(),
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
