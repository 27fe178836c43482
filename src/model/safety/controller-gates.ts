// Whether the metadata quorum can do without a controller, for a while or for good.
import { nameNodes, nameSome } from '../names.ts';
import { SPARELESS_POLICY, type Gate, type SparelessPolicy } from './gate.ts';

/** The quorum as its leader reported it, and as its voters answered, at one moment. */
export interface QuorumSnapshot {
  leaderId: number;
  voters: {
    nodeId: number;
    /** Why it cannot be counted on (`is 12 records behind`, `does not answer`); null when it can. */
    lacks: string | null;
  }[];
}

/** A snapshot or, in words, why there is none. */
export type QuorumLook = { known: true; snapshot: QuorumSnapshot } | { known: false; why: string };

/** Quorums of one or two voters never have a majority without one of them. */
const SPARELESS_VOTERS = 2;

/**
 * Open when a majority of the voters is caught up without the controller, or when it is no voter. Quorums of one and two
 * voters cannot have that: under `wait` they keep the gate closed, under `allow` the other one has to be caught up.
 */
export function controllerStopGate(snapshot: QuorumSnapshot, nodeId: number, policy: SparelessPolicy): Gate {
  const { voters } = snapshot;
  if (!voters.some((voter) => voter.nodeId === nodeId)) return { open: true };
  const spareless = voters.length <= SPARELESS_VOTERS;
  if (spareless && policy === SPARELESS_POLICY.WAIT)
    return {
      open: false,
      reason:
        `controller ${nodeId} must not be stopped: the metadata quorum has ${voters.length === 1 ? 'one voter' : 'two voters'} ` +
        'and none to spare, and the policy for such is to wait. Add controllers, or allow it',
    };
  const needed = spareless ? voters.length - 1 : majorityOf(voters.length);
  const reason = sayShort(snapshot, nodeId, needed);
  if (reason === null) return { open: true };
  return { open: false, reason: `controller ${nodeId} must not be stopped yet: ${reason}` };
}

/**
 * Open when the controller takes no part any more, and a majority of the voters, counted with it, is caught up without it:
 * they hold all metadata that was committed, and can agree on its removal. No policy here: a quorum without a majority
 * cannot change its voters.
 */
export function controllerReplaceGate(snapshot: QuorumSnapshot, nodeId: number): Gate {
  const own = snapshot.voters.find((voter) => voter.nodeId === nodeId);
  if (own?.lacks === null)
    return {
      open: false,
      reason: `the disk of controller ${nodeId} must not be given up: the controller is a caught-up voter`,
    };
  const reason = sayShort(snapshot, nodeId, majorityOf(snapshot.voters.length));
  if (reason === null) return { open: true };
  return { open: false, reason: `the disk of controller ${nodeId} must not be given up yet: ${reason}` };
}

/** What is missing to `needed` caught-up voters without one; null when nothing is. */
function sayShort({ voters }: QuorumSnapshot, without: number, needed: number): string | null {
  const others = voters.filter((voter) => voter.nodeId !== without);
  const caughtUp = others.filter(({ lacks }) => lacks === null);
  if (caughtUp.length >= needed) return null;
  const lacking = others.flatMap(({ nodeId, lacks }) =>
    lacks === null ? [] : [`controller ${nodeId} ${lacks}`],
  );
  const why = lacking.length === 0 ? '' : ` (${nameSome(lacking, '; ')})`;
  const ids = caughtUp.map(({ nodeId }) => nodeId);
  return `without it ${nameNodes('controller', ids)} would be caught up, ${needed} of ${voters.length} voters are needed${why}`;
}

function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}
