// The gates of a node and the verification of a cluster, asked over the Kafka protocol.
import {
  brokerReadiness,
  controllerReadiness,
  describeVoters,
  electPreferredLeaders,
  verifyCluster,
  type Readiness,
} from '../kafka/index.ts';
import type {
  ActiveControllerInput,
  AwaitBrokerInput,
  AwaitControllersInput,
  VerifyInput,
  VerifyResult,
} from './contract.ts';
import { pause } from './pause.ts';
import type { Waiting } from './waiting.ts';

/** Between two looks at a node that is not ready yet: short, since each adds to every start and restart. */
const POLL_MS = 250;

/** No deadline: a gate never times out into "go". It ends when the node is ready, or is cancelled. */
export async function awaitControllerReady(input: AwaitControllersInput, waiting: Waiting): Promise<void> {
  await untilReady(
    () => controllerReadiness(input.nodeId, input.controllers, { signal: waiting.signal }),
    waiting,
  );
}

/** As {@link awaitControllerReady}: registered, and every replica that it hosts in sync. */
export async function awaitBrokerReady(input: AwaitBrokerInput, waiting: Waiting): Promise<void> {
  const options = { signal: waiting.signal };
  await untilReady(() => brokerReadiness(input.nodeId, input.brokers, options), waiting);
  if (input.restoreLeaders) await electPreferredLeaders(input.brokers, options);
}

/** The `node.id` of the controller that leads the quorum; null when none does, or nobody can tell. */
export async function activeController(
  { controllers }: ActiveControllerInput,
  waiting: Waiting,
): Promise<number | null> {
  const look = await describeVoters(controllers, { signal: waiting.signal });
  return look.known && look.snapshot.leaderId >= 0 ? look.snapshot.leaderId : null;
}

/** @throws MillraceError VERIFY_FAILED, KAFKA_UNREACHABLE */
export function verify(input: VerifyInput, waiting: Waiting): Promise<VerifyResult> {
  return verifyCluster(input, { signal: waiting.signal });
}

/** Looks until it is ready, and says meanwhile what it waits for. */
export async function untilReady(look: () => Promise<Readiness>, waiting: Waiting): Promise<void> {
  for (;;) {
    const readiness = await look();
    if (readiness.ready) return;
    waiting.set(readiness.waitingFor);
    await pause(POLL_MS);
    waiting.signal.throwIfAborted();
  }
}
