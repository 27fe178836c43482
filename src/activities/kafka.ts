// The gates of a node and the verification of a cluster, asked over the Kafka protocol.
import {
  brokerReadiness,
  controllerReadiness,
  describeVoters,
  electPreferredLeaders,
  verifyCluster,
  type Readiness,
} from '../kafka/index.ts';
import { sayCatchUp, type CatchUp } from './catch-up.ts';
import type {
  ActiveControllerInput,
  AwaitBrokerInput,
  AwaitControllersInput,
  BrokerAwaited,
  VerifyInput,
  VerifyResult,
} from './contract.ts';
import { pause } from './pause.ts';
import type { Waiting } from './waiting.ts';

/** Between two looks at a node that is not ready yet: short, since each adds to every start and restart. */
const POLL_MS = 250;
/** Of each broker in a preview: somebody waits for the answer. */
export const PREVIEW_TIMEOUT_MS = 2_500;
/**
 * Kafka elects when a broker becomes active, but one with an empty disk tells only later that its replicas are on another
 * directory than before. Nobody looks at what has no leader then for minutes (`leader.imbalance.check.interval.seconds`).
 */
const LEADERLESS_MS = 2_000;
/** A JVM that takes longer than this to ask for its registration never will; with an empty disk, it has nothing to read before. */
const HUNG_MS = { NEW: 2 * 60_000, OTHER: 5 * 60_000 };

/** No deadline: a gate never times out into "go". It ends when the node is ready, or is cancelled. */
export async function awaitControllerReady(input: AwaitControllersInput, waiting: Waiting): Promise<void> {
  await untilReady(
    () => controllerReadiness(input.nodeId, input.controllers, { signal: waiting.signal }),
    waiting,
  );
}

/**
 * As {@link awaitControllerReady}: registered, and every replica that it hosts in sync. Ends before that, and says why, when the process
 * has not been heard of for minutes while a quorum takes registrations: Kafka registers a broker before it recovers its logs, so it hangs.
 * Where no broker answers, only a new one can be told to hang: others may all be recovering their logs.
 */
export async function awaitBrokerReady(
  { nodeId, brokers, controllers = [], isNew, restoreLeaders }: AwaitBrokerInput,
  waiting: Waiting,
): Promise<BrokerAwaited> {
  const options = { signal: waiting.signal };
  const hungMs = isNew === true ? HUNG_MS.NEW : HUNG_MS.OTHER;
  const unheardForMs = stopwatch();
  const leaderlessForMs = stopwatch();
  let first: CatchUp | null = null;
  for (;;) {
    const readiness = await brokerReadiness(nodeId, brokers, options);
    if (readiness.ready) break;
    const now = readiness.progress && { ...readiness.progress, atMs: Date.now() };
    first ??= now;
    const isUnheardOf =
      readiness.isUnheardOf === true || (isNew === true && readiness.nobodyAnswers === true);
    if (unheardForMs(isUnheardOf) > hungMs) {
      const look = await describeVoters(controllers, options);
      if (look.known && look.snapshot.leaderId >= 0)
        return { hung: `${readiness.waitingFor}, for ${hungMs / 60_000} minutes` };
      unheardForMs(false);
    }
    const { leaderless = [] } = readiness;
    if (leaderlessForMs(leaderless.length > 0) > LEADERLESS_MS) {
      await electPreferredLeaders(brokers, options, leaderless);
      leaderlessForMs(false);
    }
    waiting.set(readiness.waitingFor + sayCatchUp(first, now));
    await pause(POLL_MS);
    waiting.signal.throwIfAborted();
  }
  if (restoreLeaders) await electPreferredLeaders(brokers, options);
  return {};
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

/** Tells, with each look at something, for how long it has held without a break. */
function stopwatch(): (holds: boolean) => number {
  let sinceMs: number | null = null;
  return (holds) => {
    sinceMs = holds ? (sinceMs ?? Date.now()) : null;
    return sinceMs === null ? 0 : Date.now() - sinceMs;
  };
}
