// Releases what replaced nodes held on agents that were away: when such an agent comes back, its reservations and volumes are
// proven superseded by the entity's record of a newer place.
import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { getAgents, type MesosEndpoint } from '../mesos/index.ts';
import { strayPlaces, type ReservedPlace } from '../model/recovery.ts';
import { clusterQuery, clusterWorkflowId, formerReleasedSignal } from '../workflows/contract.ts';
import { labelOf, LABEL, reservedFor } from './offers.ts';
import { pause } from './pause.ts';
import { releaseNode } from './release-node.ts';
import type { HeldSession, Sessions } from './sessions.ts';

/** Between two looks for such agents: at first, and at last, doubling each time. */
const FIRST_PAUSE_MS = 15_000;
const LAST_PAUSE_MS = 15 * 60_000;
/** What is not offered within this is looked at again later. */
const LOOK_LIMIT_MS = 120_000;
/** How soon a look that is asked for begins. */
const STEP_MS = 5_000;

interface Deps {
  client: Client;
  mesos: MesosEndpoint;
  sessions: Sessions;
}

/** Looks again and again as long as the session is held and something is left. */
export async function releaseLeftovers(
  deps: Deps,
  cluster: string,
  held: HeldSession,
  signal: AbortSignal,
): Promise<never> {
  let pauseMs = FIRST_PAUSE_MS;
  for (let waitedMs = pauseMs; ; waitedMs += STEP_MS) {
    if (held.leftovers === 'now' || (held.leftovers && waitedMs >= pauseMs)) {
      pauseMs = held.leftovers === 'now' ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LAST_PAUSE_MS);
      waitedMs = 0;
      held.leftovers = false;
      const within = AbortSignal.any([signal, AbortSignal.timeout(LOOK_LIMIT_MS)]);
      const isLeft = await lookOnce(deps, cluster, held, within).catch((error: unknown) => {
        signal.throwIfAborted();
        log.warn('places of nodes could not be released yet', { cluster, error });
        return true;
      });
      // It may have been asked for once more meanwhile.
      held.leftovers ||= isLeft;
    }
    signal.throwIfAborted();
    await pause(STEP_MS);
  }
}

/** Releases what is nobody's and can be had; whether something is left. */
async function lookOnce(
  deps: Deps,
  cluster: string,
  held: HeldSession,
  signal: AbortSignal,
): Promise<boolean> {
  const entity = deps.client.workflow.getHandle(clusterWorkflowId(cluster));
  const state = await entity.query(clusterQuery);
  if (state === null) return false;
  const { incarnation, spec, superseded = [] } = state;
  const agents = await getAgents(deps.mesos);
  const reserved = reservedFor(agents, { cluster, incarnation }).flatMap(({ agent, resource }) => {
    const node = labelOf(resource, LABEL.NODE);
    const placementNumber = Number(labelOf(resource, LABEL.PLACEMENT));
    return node === undefined ? [] : [{ agent, node, placementNumber }];
  });
  const release = ({ node, placementNumber }: ReservedPlace) =>
    releaseNode(
      deps,
      {
        caller: { operationWorkflowId: '', step: '' },
        session: held.info,
        cluster,
        incarnation,
        spec,
        node,
        placement: null,
        onlyPlacement: placementNumber,
      },
      { signal, set: () => undefined },
    );
  const strays = new Map(strayPlaces(state, reserved).map((place) => [nameOf(place), place]));
  const stillHeld = new Set(reserved.map(nameOf));
  let isLeft = false;
  for (const [name, place] of strays) {
    const { released } = place.agent.active ? await release(place) : { released: false };
    isLeft ||= !released;
    if (!released) continue;
    stillHeld.delete(name);
    const { node, placementNumber, agent } = place;
    log.info("released a place that is no node's any more", { cluster, node, hostname: agent.hostname });
    await entity.signal(formerReleasedSignal, { node, placementNumber });
  }
  // What the entity remembers is forgotten when its agent is there and has nothing of it (any more).
  for (const { node, placement } of superseded) {
    const place = { node, placementNumber: placement.number };
    const isThere = agents.some(({ id, active }) => id === placement.agentId && active);
    const isGone = isThere && !stillHeld.has(nameOf(place));
    isLeft ||= !isGone;
    if (isGone && !strays.has(nameOf(place))) await entity.signal(formerReleasedSignal, place);
  }
  return isLeft;
}

function nameOf({ node, placementNumber }: ReservedPlace): string {
  return `${node} ${placementNumber}`;
}
