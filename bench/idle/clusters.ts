// The idle clusters of a measurement: starting them, and asking Mesos and Temporal how they are.
import type { Client } from '@temporalio/client';
import { getFrameworks, type MesosEndpoint } from '../../src/mesos/index.ts';
import type { SiteDefaults } from '../../src/model/spec/parse.ts';
import {
  clusterQuery,
  clusterWorkflowId,
  KAFKA_CLUSTER,
  sessionWorkflowId,
  TASK_QUEUE,
} from '../../src/workflows/contract.ts';
import { idleCluster } from './carried.ts';

export interface Idle {
  client: Client;
  mesos: MesosEndpoint;
  names: readonly string[];
}

const AT_ONCE = 20;
const POLL_MS = 500;
/** Something is broken when sessions take longer. */
const LIMIT_MS = 15 * 60_000;

export function namesOf(clusters: number): string[] {
  return Array.from({ length: clusters }, (_unused, index) => `idle-${index}`);
}

/** Each goes on from a carried state, as after continue-as-new, and starts its session by itself. */
export async function startClusters({ client, names }: Idle, site: SiteDefaults): Promise<void> {
  await forEach(names, async (name) => {
    await client.workflow.start('cluster', {
      workflowId: clusterWorkflowId(name),
      taskQueue: TASK_QUEUE,
      typedSearchAttributes: [{ key: KAFKA_CLUSTER, value: name }],
      args: [{ name, carried: idleCluster(name, site) }],
    });
  });
}

/** How many frameworks have an open stream. */
export async function sessionsHeld({ mesos }: Idle): Promise<number> {
  const frameworks = await getFrameworks(mesos, { timeoutMs: 30_000 });
  return frameworks.filter(({ connected }) => connected).length;
}

/** Waits until every cluster has an open stream; `onLook` hears how many have. */
export async function untilAllHeld(idle: Idle, onLook: (held: number) => void = () => undefined) {
  const endMs = Date.now() + LIMIT_MS;
  for (;;) {
    const held = await sessionsHeld(idle);
    onLook(held);
    if (held === idle.names.length) return;
    if (Date.now() > endMs)
      throw new Error(`${held} of ${idle.names.length} sessions are open after ${LIMIT_MS / 60_000} min`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Task queue of the worker process that holds the sessions, as an entity has heard. */
export async function holderOf({ client, names }: Idle, index = 0): Promise<string | undefined> {
  const state = await client.workflow.getHandle(clusterWorkflowId(names[index]!)).query(clusterQuery);
  return state?.session?.taskQueue;
}

/** Waits until every entity names another holder than the former one. */
export async function untilKnown(idle: Idle, former: string | undefined): Promise<void> {
  const endMs = Date.now() + LIMIT_MS;
  await forEach([...idle.names.keys()], async (index) => {
    while ((await holderOf(idle, index)) === former) {
      if (Date.now() > endMs)
        throw new Error(`${idle.names[index]!} does not know its new session after ${LIMIT_MS / 60_000} min`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
}

/** Events in the histories of all entities and sessions, and how often `holdSubscription` was begun as its attempts count. */
export async function historiesOf({ client, names }: Idle): Promise<{ events: number; attempts: number }> {
  let events = 0;
  let attempts = 0;
  await forEach(names, async (name) => {
    for (const id of [clusterWorkflowId(name), sessionWorkflowId(name)]) {
      const { historyLength, raw } = await client.workflow.getHandle(id).describe();
      events += historyLength;
      for (const { attempt } of raw.pendingActivities ?? []) attempts += attempt ?? 0;
    }
  });
  return { events, attempts };
}

async function forEach<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const next = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}
