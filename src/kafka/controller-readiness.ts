// Whether a controller may be counted on: a voter of the metadata quorum that keeps up with its leader.
import { MillraceError } from '../model/errors.ts';
import { nameNodes } from './ask.ts';
import { lookAtQuorum } from './describe-quorum.ts';
import type { Quorum, QuorumReplica } from './wire/messages/describe-quorum.ts';
import type { AskOptions, KafkaAddress, Readiness } from './types.ts';

/** `controller.quorum.fetch.timeout.ms` by default: a voter farther behind would start an election itself. */
const CAUGHT_UP_WITHIN_MS = 2_000;

/**
 * Ready when the quorum has a leader, and this controller answers, is one of its voters and caught up. What is missing,
 * unreachable controllers included, is said in `waitingFor`.
 *
 * @throws MillraceError INTERNAL when `nodeId` is not one of `controllers`; the reason of the signal when it is aborted
 */
export async function controllerReadiness(
  nodeId: number,
  controllers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Readiness> {
  const own = controllers.find((controller) => controller.nodeId === nodeId);
  if (!own)
    throw new MillraceError(
      'INTERNAL',
      `Controller ${nodeId} was asked for without its address. Report this as a bug.`,
    );
  const { quorum, problem, answers } = await lookAtQuorum(controllers, { ...options, mustHear: nodeId });
  if (!quorum) return { ready: false, waitingFor: problem };
  const answer = answers.find(({ address }) => address.nodeId === nodeId);
  if (answer && 'why' in answer)
    return {
      ready: false,
      waitingFor: `controller ${nodeId} does not answer at ${own.host}:${own.port}: ${answer.why}`,
    };
  return judgeVoter(nodeId, quorum);
}

/** The rule itself, on what the leader reported. */
export function judgeVoter(nodeId: number, quorum: Quorum): Readiness {
  const notYet = (waitingFor: string): Readiness => ({ ready: false, waitingFor });
  const voter = quorum.voters.find((replica) => replica.nodeId === nodeId);
  if (!voter) {
    const role = quorum.observers.some((replica) => replica.nodeId === nodeId)
      ? 'an observer, not yet'
      : 'not';
    const voters = quorum.voters.map((replica) => replica.nodeId);
    return notYet(
      `controller ${nodeId} is ${role} a voter of the metadata quorum (${nameNodes('controller', voters)})`,
    );
  }
  // Before its first commit in a new epoch a leader does not know how far the quorum is.
  if (quorum.highWatermark < 0)
    return notYet(`controller ${quorum.leaderId} was just elected and has not committed anything yet`);
  const lag = sayLag(voter, quorum);
  return lag === null ? { ready: true } : notYet(`controller ${nodeId} ${lag}`);
}

/** How a voter or observer lags behind the leader, in words that follow its name; null when it is caught up. */
export function sayLag(replica: QuorumReplica, quorum: Quorum): string | null {
  if (replica.nodeId === quorum.leaderId) return null;
  if (replica.logEndOffset < 0) return `has not fetched from leader ${quorum.leaderId} yet`;
  const missing = Math.max(quorum.highWatermark - replica.logEndOffset, 0);
  const behindMs = millisecondsBehind(replica, quorum);
  const caughtUp = behindMs === null ? missing === 0 : behindMs <= CAUGHT_UP_WITHIN_MS;
  if (caughtUp) return null;
  const since = behindMs === null ? '' : `, last caught up ${sayAgo(replica, behindMs)}`;
  return `is ${missing} ${missing === 1 ? 'record' : 'records'} behind leader ${quorum.leaderId}${since}`;
}

/** On the leader's own clock, whose newest reading is its own fetch time; null where Kafka does not tell it. */
export function millisecondsBehind(voter: QuorumReplica, quorum: Quorum): number | null {
  const leader = quorum.voters.find((replica) => replica.nodeId === quorum.leaderId);
  if (!leader || leader.lastFetchMs < 0) return null;
  return leader.lastFetchMs - voter.lastCaughtUpMs;
}

function sayAgo(voter: QuorumReplica, behindMs: number): string {
  return voter.lastCaughtUpMs < 0 ? 'never' : `${(behindMs / 1000).toFixed(1)} s ago`;
}
