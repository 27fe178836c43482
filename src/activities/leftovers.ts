// Releases what replaced nodes held on agents that were away: when such an agent comes back, its reservations and volumes are
// proven superseded by the entity's record of a newer place.
import { log, sleep } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { getAgents, type MesosEndpoint } from '../mesos/index.ts';
import type { Superseded } from '../model/cluster.ts';
import { clusterQuery, clusterWorkflowId, formerReleasedSignal } from '../workflows/contract.ts';
import { labelOf, LABEL, reservedFor } from './offers.ts';
import { releaseNode } from './release-node.ts';
import type { HeldSession, Sessions } from './sessions.ts';

/** Between two looks for such agents: at first, and at last, doubling each time. */
const FIRST_LOOK_MS = 15_000;
const LAST_LOOK_MS = 15 * 60_000;
/** An idle cluster without leftovers asks nobody. */
const IDLE_MS = 5_000;

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
  for (let pauseMs = FIRST_LOOK_MS; ;) {
    if (held.leftovers) {
      try {
        await lookOnce(deps, cluster, held, signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn('former places of nodes could not be released yet', { cluster, error });
      }
      await sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LAST_LOOK_MS);
    } else {
      pauseMs = FIRST_LOOK_MS;
      await sleep(IDLE_MS);
    }
    signal.throwIfAborted();
  }
}

async function lookOnce(deps: Deps, cluster: string, held: HeldSession, signal: AbortSignal): Promise<void> {
  const entity = deps.client.workflow.getHandle(clusterWorkflowId(cluster));
  const state = await entity.query(clusterQuery);
  const superseded = state?.superseded ?? [];
  held.leftovers = superseded.length > 0;
  if (state === null || !held.leftovers) return;
  const { incarnation, spec } = state;
  const agents = await getAgents(deps.mesos);
  const reserved = reservedFor(agents, { cluster, incarnation });
  const isThere = ({ node, placement }: Superseded) =>
    agents.some(({ id, active }) => id === placement.agentId && active) ||
    reserved.some(
      ({ agent, resource }) =>
        agent.active &&
        labelOf(resource, LABEL.NODE) === node &&
        labelOf(resource, LABEL.PLACEMENT) === String(placement.number),
    );
  for (const { node, placement } of superseded.filter(isThere)) {
    const { released } = await releaseNode(
      deps,
      {
        caller: { operationWorkflowId: '', step: '' },
        session: held.info,
        cluster,
        incarnation,
        spec,
        node,
        placement,
        onlyPlacement: placement.number,
      },
      { signal, set: () => undefined },
    );
    if (!released) continue;
    log.info('released the former place of a node', { cluster, node, hostname: placement.hostname });
    await entity.signal(formerReleasedSignal, { node, placementNumber: placement.number });
  }
}
