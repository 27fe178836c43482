// What a session does about maintenance that Mesos announces: the entity is told of it, and Mesos is told whether the agent's
// nodes have been stopped. An inverse offer that is declined comes again, so that nothing of it has to be remembered.
import { log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import {
  getAgents,
  getMaintenance,
  maintenanceOf,
  type MesosEndpoint,
  type Scheduler,
} from '../mesos/index.ts';
import type { InverseOffer } from '../mesos/types.ts';
import type { MaintenanceWindow } from '../model/cluster.ts';
import { nodesOn } from '../model/recovery.ts';
import { isTerminal } from '../model/task-state.ts';
import { clusterQuery, clusterWorkflowId, maintenanceSignal } from '../workflows/contract.ts';
import { windowOf } from './offers.ts';
import { pause } from './pause.ts';

/** A declined inverse offer comes again after this: as long as nodes run on the agent, and as often as the answer may change. */
const ASK_AGAIN_SECONDS = 15;
/** Whether announced maintenance still stands is looked at this often: Mesos does not tell when it is called off. */
const LOOK_MS = 30_000;

export interface MaintenanceDeps {
  client: Client;
  mesos: MesosEndpoint;
  cluster: string;
  scheduler: Pick<Scheduler, 'call'>;
  /** Announced windows by agent id, as the entity knows them. */
  announced: Map<string, MaintenanceWindow>;
}

/** Tells the entity of newly announced maintenance, then answers: accepted when none of its nodes runs there, else declined. */
export async function answerInverseOffers(
  deps: MaintenanceDeps,
  offers: readonly InverseOffer[],
): Promise<void> {
  const entity = deps.client.workflow.getHandle(clusterWorkflowId(deps.cluster));
  for (const { id, agent_id: agent, unavailability } of offers) {
    // One for the whole framework names no agent; what is asked of each follows with the agents'.
    if (agent === undefined) continue;
    const agentId = agent.value;
    const window = windowOf(unavailability);
    const before = deps.announced.get(agentId);
    if (before?.startMs !== window.startMs || before.endMs !== window.endMs) {
      await entity.signal(maintenanceSignal, { agentId, window });
      deps.announced.set(agentId, window);
      log.info('maintenance of an agent was announced', { cluster: deps.cluster, agentId, ...window });
    }
    const state = await entity.query(clusterQuery);
    const running = nodesOn(state ?? { nodes: {} }, agentId).filter(
      ({ taskState }) => taskState !== null && !isTerminal(taskState),
    );
    const answer = { inverse_offer_ids: [id], filters: { refuse_seconds: ASK_AGAIN_SECONDS } };
    await deps.scheduler.call(
      running.length === 0
        ? { type: 'ACCEPT_INVERSE_OFFERS', accept_inverse_offers: answer }
        : { type: 'DECLINE_INVERSE_OFFERS', decline_inverse_offers: answer },
    );
  }
}

/** Looks again and again whether what was announced still stands, as long as the session is held. */
export async function watchMaintenance(deps: MaintenanceDeps, signal: AbortSignal): Promise<never> {
  for (;;) {
    await pause(LOOK_MS);
    signal.throwIfAborted();
    if (deps.announced.size === 0) continue;
    try {
      await forgetCalledOff(deps);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('whether maintenance still stands could not be looked up', { cluster: deps.cluster, error });
    }
  }
}

async function forgetCalledOff({ client, mesos, cluster, announced }: MaintenanceDeps): Promise<void> {
  const [agents, maintenance] = await Promise.all([getAgents(mesos), getMaintenance(mesos)]);
  for (const agentId of announced.keys()) {
    const agent = agents.find(({ id }) => id === agentId);
    // The agent of a machine that is down is not there; it comes back when the maintenance is over.
    const stands =
      agent === undefined ? maintenance.down.length > 0 : maintenanceOf(agent, maintenance).length > 0;
    if (stands) continue;
    await client.workflow
      .getHandle(clusterWorkflowId(cluster))
      .signal(maintenanceSignal, { agentId, window: null });
    announced.delete(agentId);
    log.info('maintenance of an agent is over or was called off', { cluster, agentId });
  }
}
