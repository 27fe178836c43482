// Takes a controller out of the quorum while it runs: before it is stopped for good.
import { controllerStopGate } from '../model/safety/controller-gates.ts';
import { SPARELESS_POLICY } from '../model/safety/gate.ts';
import { askEach } from './ask.ts';
import { lookAtQuorum } from './describe-quorum.ts';
import { judgeVoters } from './describe-voters.ts';
import { changeVoters } from './replace-voter.ts';
import { removeRaftVoter } from './wire/messages/raft-voters.ts';
import type { AskOptions, KafkaAddress, Readiness } from './types.ts';

const PROBE_TIMEOUT_MS = 2_000;

/**
 * Looks whether the controller is a voter, and removes it once the others are a majority of caught-up voters without it. Ready when it is
 * none (any more). To be called until then.
 *
 * @throws MillraceError KAFKA_REFUSED when a person has to look; the reason of the signal when it is aborted
 */
export async function removeVoter(
  nodeId: number,
  controllers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Readiness> {
  const { quorum, problem } = await lookAtQuorum(controllers, options);
  if (quorum === null) return { ready: false, waitingFor: problem };
  const voter = quorum.voters.find((replica) => replica.nodeId === nodeId);
  if (!voter) return { ready: true };
  const leader = controllers.find((controller) => controller.nodeId === quorum.leaderId);
  if (!leader || voter.directoryId === null)
    return {
      ready: false,
      waitingFor: `a leader of the metadata quorum (controller ${quorum.leaderId} leads)`,
    };
  const probed = await askEach(controllers, { ...options, timeoutMs: PROBE_TIMEOUT_MS }, () =>
    Promise.resolve(true),
  );
  const look = judgeVoters(quorum, probed);
  if (!look.known) return { ready: false, waitingFor: look.why };
  const gate = controllerStopGate(look.snapshot, nodeId, SPARELESS_POLICY.ALLOW);
  if (!gate.open) return { ready: false, waitingFor: gate.reason };
  const asked = `remove controller ${nodeId} from the voters of the metadata quorum`;
  const { directoryId } = voter;
  const answered = await changeVoters(leader, { asked, options }, (connection) =>
    connection.request(removeRaftVoter, { nodeId, directoryId }),
  );
  return {
    ready: false,
    waitingFor: answered ?? `controller ${nodeId} to be no voter any more; it was removed`,
  };
}
