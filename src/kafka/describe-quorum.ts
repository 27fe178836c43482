// The metadata quorum, asked of the controllers themselves; only its leader knows it.
import { MillraceError } from '../model/errors.ts';
import { askOne, sayUnanswered, type Answer } from './ask.ts';
import { errorName, NONE } from './wire/error-codes.ts';
import * as messages from './wire/messages/describe-quorum.ts';
import type { DescribeQuorumAnswer, Quorum } from './wire/messages/describe-quorum.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/**
 * How long the others may still take once the leader has answered: enough for a live one to contradict with a newer
 * epoch, little enough for a frozen one not to slow every look down.
 */
const GRACE_MS = 100;

/** What the controllers said: the quorum by its leader, or in words why nobody could tell it. */
export interface QuorumLook {
  quorum: Quorum | null;
  /** Set when `quorum` is null. */
  problem: string;
  answers: Answer<DescribeQuorumAnswer>[];
}

/**
 * The quorum as its leader sees it. Answered by controllers on their own listener (KIP-919), by those that are not the
 * leader with an error: all are asked at once, and of two that both believe to lead the newer epoch counts.
 *
 * @throws MillraceError KAFKA_UNREACHABLE when no controller answers, KAFKA_NOT_READY when none of them leads
 */
export async function describeQuorum(
  controllers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Quorum> {
  const look = await lookAtQuorum(controllers, options);
  if (look.quorum) return look.quorum;
  const answered = look.answers.some((answer) => 'said' in answer);
  throw new MillraceError(
    answered ? 'KAFKA_NOT_READY' : 'KAFKA_UNREACHABLE',
    `The metadata quorum could not be described: ${look.problem}. Nothing was changed. ` +
      'Start the controllers that are down, or wait for an election, and try again.',
  );
}

/**
 * As {@link describeQuorum}, but what is missing is an answer.
 *
 * @param options.mustHear a controller whose own answer is waited for as well
 * @throws the reason of the signal when it is aborted
 */
export async function lookAtQuorum(
  controllers: readonly KafkaAddress[],
  options: AskOptions & { mustHear?: number } = {},
): Promise<QuorumLook> {
  const enough = new AbortController();
  const onAbort = () => {
    enough.abort(options.signal?.reason);
  };
  options.signal?.throwIfAborted();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  let grace: NodeJS.Timeout | undefined;
  const heard = new Set<number>();
  let led = false;
  const ask = async (address: KafkaAddress): Promise<Answer<DescribeQuorumAnswer>> => {
    const answer = await askOne(address, { ...options, signal: enough.signal }, (connection) =>
      connection.request(messages.describeQuorum, undefined),
    ).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (!enough.signal.aborted) throw error;
      return { address, why: 'no answer yet when the others had answered' };
    });
    heard.add(address.nodeId);
    led ||= 'said' in answer && answer.said.errorCode === NONE;
    if (led && (options.mustHear === undefined || heard.has(options.mustHear)))
      grace ??= setTimeout(() => {
        enough.abort(new Error('enough was heard'));
      }, GRACE_MS);
    return answer;
  };
  try {
    return conclude(await Promise.all(controllers.map(ask)));
  } finally {
    clearTimeout(grace);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

function conclude(answers: Answer<DescribeQuorumAnswer>[]): QuorumLook {
  const said = answers.flatMap((answer) => ('said' in answer ? [answer] : []));
  const leaders = said
    .filter((answer) => answer.said.errorCode === NONE && answer.said.quorum.leaderId >= 0)
    .sort((a, b) => b.said.quorum.leaderEpoch - a.said.quorum.leaderEpoch);
  const newest = leaders[0];
  if (newest) return { quorum: newest.said.quorum, problem: '', answers };
  const silent = sayUnanswered('controller', answers);
  if (said.length === 0) return { quorum: null, problem: `no controller answers (${silent})`, answers };
  const words = said.map(
    ({ address, said: { errorCode } }) => `controller ${address.nodeId}: ${errorName(errorCode)}`,
  );
  const all = silent === '' ? words : [...words, silent];
  return { quorum: null, problem: `no controller leads the metadata quorum (${all.join('; ')})`, answers };
}
