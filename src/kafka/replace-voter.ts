// One look, and at most one request, on the way from a controller's lost directory to its new one among the voters.
import { MillraceError } from '../model/errors.ts';
import { controllerReplaceGate } from '../model/safety/controller-gates.ts';
import { askEach, askOne } from './ask.ts';
import { sayLag } from './controller-readiness.ts';
import { lookAtQuorum } from './describe-quorum.ts';
import { judgeVoters } from './describe-voters.ts';
import { errorName, isRefusal, NONE } from './wire/error-codes.ts';
import type { Connection } from './wire/connection.ts';
import type { Acknowledgement } from './wire/messages/acknowledgement.ts';
import type { Quorum } from './wire/messages/describe-quorum.ts';
import { addRaftVoter, removeRaftVoter } from './wire/messages/raft-voters.ts';
import type { AskOptions, KafkaAddress, Readiness } from './types.ts';

/** Until the changed set of voters is committed; a controller that is no voter yet has to answer the leader before. */
const CHANGE_TIMEOUT_MS = 10_000;
const PROBE_TIMEOUT_MS = 2_000;
/** Of voters that are fixed by configuration (`controller.quorum.voters`). */
const NO_DIRECTORY = 'A'.repeat(22);

/** The directories of one controller: the one whose disk is lost, and the one that it runs with now. */
export interface VoterReplacement {
  nodeId: number;
  /** Of every disk that it had before: none of them may stay a voter. */
  oldDirectoryIds: readonly string[];
  newDirectoryId: string;
  /** Where the other voters reach it. */
  listener: { name: string; host: string; port: number };
}

/**
 * Looks how far the replacement is, and does what comes next: removes the old directory once a majority is caught up
 * without it, then adds the new one once it has caught up as an observer. Ready when the new one is a voter and the old one
 * is none. To be called until then; what was done before is not done again.
 *
 * The old one goes first: a quorum does not take two voters of one id.
 *
 * @throws MillraceError KAFKA_REFUSED when a person has to look; the reason of the signal when it is aborted
 */
export async function replaceVoter(
  replacement: VoterReplacement,
  controllers: readonly KafkaAddress[],
  options: AskOptions = {},
): Promise<Readiness> {
  const { quorum, problem } = await lookAtQuorum(controllers, options);
  if (quorum === null) return { ready: false, waitingFor: problem };
  const { nodeId, oldDirectoryIds, newDirectoryId } = replacement;
  const voter = quorum.voters.find((replica) => replica.nodeId === nodeId);
  if (voter?.directoryId === newDirectoryId) return { ready: true };
  const oldDirectoryId = oldDirectoryIds.find((id) => id === voter?.directoryId);
  if (voter && oldDirectoryId === undefined) throw unexpectedVoter(replacement, voter.directoryId);
  const leader = controllers.find((controller) => controller.nodeId === quorum.leaderId);
  if (!leader)
    return {
      ready: false,
      waitingFor: `a leader of the metadata quorum whose address is known (controller ${quorum.leaderId} leads)`,
    };
  if (oldDirectoryId !== undefined)
    return removeOld({ nodeId, oldDirectoryId }, { quorum, leader, controllers }, options);
  return addNew(replacement, quorum, leader, options);
}

async function removeOld(
  { nodeId, oldDirectoryId }: { nodeId: number; oldDirectoryId: string },
  seen: { quorum: Quorum; leader: KafkaAddress; controllers: readonly KafkaAddress[] },
  options: AskOptions,
): Promise<Readiness> {
  const others = seen.controllers.filter((controller) => controller.nodeId !== nodeId);
  const probed = await askEach(others, { ...options, timeoutMs: PROBE_TIMEOUT_MS }, () =>
    Promise.resolve(true),
  );
  const look = judgeVoters(seen.quorum, probed);
  if (!look.known) return { ready: false, waitingFor: look.why };
  const gate = controllerReplaceGate(look.snapshot, nodeId);
  if (!gate.open) return { ready: false, waitingFor: gate.reason };
  const asked = `remove controller ${nodeId} with directory ${oldDirectoryId} from the voters of the metadata quorum`;
  const problem = await changeVoters(seen.leader, { asked, options }, (connection) =>
    connection.request(removeRaftVoter, { nodeId, directoryId: oldDirectoryId }),
  );
  return {
    ready: false,
    waitingFor:
      problem ?? `controller ${nodeId} to be a voter with its new directory; the old one is removed`,
  };
}

async function addNew(
  replacement: VoterReplacement,
  quorum: Quorum,
  leader: KafkaAddress,
  options: AskOptions,
): Promise<Readiness> {
  const { nodeId, newDirectoryId, listener } = replacement;
  const who = `controller ${nodeId} with its new directory ${newDirectoryId}`;
  const observer = quorum.observers.find(
    (replica) => replica.nodeId === nodeId && replica.directoryId === newDirectoryId,
  );
  if (!observer)
    return { ready: false, waitingFor: `${who} has not fetched from leader ${quorum.leaderId} yet` };
  const lag = sayLag(observer, quorum);
  if (lag !== null) return { ready: false, waitingFor: `${who} ${lag}` };
  const asked = `add ${who} at ${listener.host}:${listener.port} to the voters of the metadata quorum`;
  const problem = await changeVoters(leader, { asked, options }, (connection) =>
    connection.request(addRaftVoter, {
      nodeId,
      directoryId: newDirectoryId,
      listener,
      timeoutMs: CHANGE_TIMEOUT_MS,
    }),
  );
  return { ready: false, waitingFor: problem ?? `${who} to show as a voter; it was added` };
}

/**
 * Asks the leader of the quorum for another set of voters.
 *
 * @returns null when it was done; else what was answered. Who leads, and how far the change is, is looked at again then.
 */
export async function changeVoters(
  leader: KafkaAddress,
  about: { asked: string; options: AskOptions },
  request: (connection: Connection) => Promise<Acknowledgement>,
): Promise<string | null> {
  const { asked, options } = about;
  // The answer comes when the change is committed, or after the time that was given for it.
  const answer = await askOne(
    leader,
    { ...options, timeoutMs: CHANGE_TIMEOUT_MS + PROBE_TIMEOUT_MS },
    request,
  );
  const from = `controller ${leader.nodeId} was asked to ${asked}`;
  if ('why' in answer) return `${from}, and gave no answer: ${answer.why}`;
  const { errorCode, errorMessage } = answer.said;
  if (errorCode === NONE) return null;
  const words = `${errorName(errorCode)}${errorMessage === null ? '' : `: ${errorMessage}`}`;
  if (!isRefusal(errorCode)) return `${from}, and answered ${words}`;
  throw new MillraceError(
    'KAFKA_REFUSED',
    `The leader of the metadata quorum, controller ${leader.nodeId}, was asked to ${asked}, and refused: ${words}. ` +
      'The voters are as they were. Look at its log, put right what it refuses, and retry the step.',
  );
}

function unexpectedVoter(
  { nodeId, oldDirectoryIds, newDirectoryId }: VoterReplacement,
  directoryId: string | null,
): MillraceError {
  const facts =
    directoryId === null || directoryId === NO_DIRECTORY
      ? 'its voters are fixed by configuration (controller.quorum.voters), and cannot be changed at run time'
      : `controller ${nodeId} is a voter with directory ${directoryId}, neither a lost one (${oldDirectoryIds.join(', ')}) nor the new one (${newDirectoryId})`;
  return new MillraceError(
    'KAFKA_REFUSED',
    `The directory of controller ${nodeId} was to be replaced among the voters of the metadata quorum, but ${facts}. ` +
      'Nothing was changed. Look with kafka-metadata-quorum describe --replication, and retry the step when the voters are as they should be.',
  );
}
