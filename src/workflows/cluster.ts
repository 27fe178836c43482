// The entity: one workflow a cluster, as long as the cluster lives. It holds the truth about what exists, validates
// requests, serialises operations and keeps the session going. Handlers only change state; the main loop works.
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  log,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { CLUSTER_STATUS } from '../model/cluster.ts';
import { runningOperations } from '../model/entity.ts';
import { renderCluster } from '../model/render-cluster.ts';
import type * as contract from './contract.ts';
import { beginQueued } from './entity/changes.ts';
import { requireState, type Entity } from './entity/entity.ts';
import { grantWanted, setGrantHandlers } from './entity/grants.ts';
import { setNodeHandlers } from './entity/nodes.ts';
import {
  awaitEarlierOperation,
  beginWhatIsDue,
  followOperation,
  recoverFailedNodes,
} from './entity/operations.ts';
import { setRequestHandlers } from './entity/requests.ts';
import { ensureSession, setSessionHandlers } from './entity/session.ts';

/** A started entity whose install request never arrives (its sender died) ends by itself after this. */
const WAIT_FOR_REQUEST = '2 minutes';

/** A window may be years away; the loop only looks again. */
const LONGEST_TIMER_MS = 30 * 24 * 3600 * 1000;

/** Runs until the cluster is uninstalled. Cancelling it does nothing: its nodes would go on, and nobody would care for them. */
export async function cluster(input: contract.ClusterInput): Promise<void> {
  CancellationScope.current().cancelRequested.catch(() => {
    log.warn('a cluster is not cancelled; uninstall it instead', { cluster: input.name });
  });
  return CancellationScope.nonCancellable(() => live(input));
}

async function live(input: contract.ClusterInput): Promise<void> {
  const entity: Entity = {
    name: input.name,
    state: input.carried?.state ?? null,
    claimedEpoch: input.carried?.claimedEpoch ?? 0,
    nextOperation: input.carried?.nextOperation ?? 1,
    seenUuids: input.carried?.seenUuids ?? [],
    starting: new Set(),
    yielding: new Map(),
    withheld: new Map(),
    work: [],
  };
  setRequestHandlers(entity);
  setSessionHandlers(entity);
  setNodeHandlers(entity);
  setGrantHandlers(entity);
  if (!(await condition(() => entity.state !== null, WAIT_FOR_REQUEST))) {
    log.warn('no install request arrived; nothing was done', { cluster: entity.name });
    return;
  }
  for (const { id } of input.carried ? runningOperations(input.carried.state) : [])
    followOperation(entity, id, awaitEarlierOperation(id));
  if (input.carried) ensureSession(entity);
  for (;;) {
    await mainLoop(entity);
    // A handler that is under way may wait for work of the main loop, and may leave some.
    await condition(() => allHandlersFinished() || entity.work.length > 0);
    if (entity.work.length === 0) break;
  }
  if (entity.state?.status === CLUSTER_STATUS.UNINSTALLED) return;
  await continueAsNew<typeof cluster>({ name: entity.name, carried: carry(entity) });
}

/** Works until the cluster is uninstalled or the history wants a new run. */
async function mainLoop(entity: Entity): Promise<void> {
  const done = () => entity.state?.status === CLUSTER_STATUS.UNINSTALLED;
  const renew = () => workflowInfo().continueAsNewSuggested;
  for (;;) {
    setCurrentDetails(renderCluster(requireState(entity)));
    const next = entity.work.shift();
    if (next) {
      await next();
      continue;
    }
    if (done() || renew()) return;
    beginQueued(entity);
    grantWanted(entity);
    recoverFailedNodes(entity);
    const nextMs = beginWhatIsDue(entity);
    const woken = () => entity.work.length > 0 || done() || renew();
    if (nextMs === null) await condition(woken);
    else await condition(woken, Math.max(1, Math.min(nextMs - Date.now(), LONGEST_TIMER_MS)));
  }
}

function carry(entity: Entity): contract.CarriedCluster {
  const { claimedEpoch, nextOperation, seenUuids } = entity;
  return { state: requireState(entity), claimedEpoch, nextOperation, seenUuids };
}
