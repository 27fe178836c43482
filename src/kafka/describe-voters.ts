// The voters of the metadata quorum, and which of them can be counted on: by the leader's word, and by their own answers.
import type { QuorumLook } from '../model/safety/controller-gates.ts';
import { askEach, type Answer } from './ask.ts';
import { sayLag } from './controller-readiness.ts';
import { lookAtQuorum } from './describe-quorum.ts';
import type { Quorum } from './wire/messages/describe-quorum.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** A controller that serves says at once what it knows. */
const PROBE_TIMEOUT_MS = 2_000;

/**
 * Asks all controllers for the quorum, and whether they answer at all: one that was killed a moment ago still counts as
 * caught up. That nobody can tell is an answer too.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function describeVoters(
  controllers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<QuorumLook> {
  const timeoutMs = Math.min(options.timeoutMs ?? PROBE_TIMEOUT_MS, PROBE_TIMEOUT_MS);
  const [look, probed] = await Promise.all([
    lookAtQuorum(controllers, options),
    askEach(controllers, { ...options, timeoutMs }, () => Promise.resolve(true)),
  ]);
  if (look.quorum === null) return { known: false, why: look.problem };
  return judgeVoters(look.quorum, probed);
}

/** The rule itself, on what the leader and the controllers said. */
export function judgeVoters(quorum: Quorum, probed: readonly Answer<unknown>[]): QuorumLook {
  // Before its first commit in a new epoch a leader does not know how far the quorum is.
  if (quorum.highWatermark < 0)
    return {
      known: false,
      why: `controller ${quorum.leaderId} was just elected and has not committed anything yet`,
    };
  const voters = quorum.voters.map((voter) => {
    const answer = probed.find(({ address }) => address.nodeId === voter.nodeId);
    const silent = answer && 'why' in answer ? `does not answer (${answer.why})` : null;
    return { nodeId: voter.nodeId, lacks: silent ?? sayLag(voter, quorum) };
  });
  return { known: true, snapshot: { leaderId: quorum.leaderId, voters } };
}
