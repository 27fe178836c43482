// The gates before a node is stopped or its disk given up, and what Kafka has to be told when a node is replaced.
import * as kafka from '../kafka/index.ts';
import { NODE_KIND } from '../model/cluster.ts';
import { LISTENER } from '../model/node/server-properties.ts';
import { brokerReplaceGate, remnants, replaceImpact } from '../model/safety/broker-replace-gate.ts';
import { brokerStopGate } from '../model/safety/broker-stop-gate.ts';
import { controllerReplaceGate, controllerStopGate } from '../model/safety/controller-gates.ts';
import type { BrokerReplaceGate, Gate } from '../model/safety/gate.ts';
import type { ReplicationSnapshot } from '../model/safety/snapshot.ts';
import type { ReplacePreviewAnswer, ReplacePreviewInput } from '../workflows/contract.ts';
import type {
  AwaitBrokerReplaceableInput,
  AwaitControllerReplaceableInput,
  BrokerReplaceable,
  ElectPreferredLeadersInput,
  ReplaceVoterInput,
  StopGate,
  UnregisterBrokerInput,
} from './contract.ts';
import { PREVIEW_TIMEOUT_MS, untilReady } from './kafka.ts';
import { untilOpenTwice } from './until-open.ts';
import type { Waiting } from './waiting.ts';

/** One look at what the others would be without the node. What cannot be told keeps the gate closed. */
export async function stopGate(gate: StopGate, signal: AbortSignal): Promise<Gate> {
  const { kind, nodeId, policy, together = [] } = gate;
  if (kind === NODE_KIND.CONTROLLER) {
    const look = await kafka.describeVoters(gate.controllers, { signal });
    return look.known ? controllerStopGate(look.snapshot, nodeId, policy) : unknown(kind, nodeId, look.why);
  }
  const look = await kafka.describeReplication(gate.brokers, { signal });
  return look.known
    ? brokerStopGate(look.snapshot, nodeId, policy, together)
    : unknown(kind, nodeId, look.why);
}

/** Returns when no partition needs what is on the broker's disk, and says how much is to be copied to its next one. */
export async function awaitBrokerReplaceable(
  input: AwaitBrokerReplaceableInput,
  waiting: Waiting,
): Promise<BrokerReplaceable> {
  const { nodeId, brokers, force, final } = input;
  const options = { signal: waiting.signal };
  type Judged = BrokerReplaceGate & { snapshot?: ReplicationSnapshot };
  const { partitions, snapshot } = await untilOpenTwice(async (): Promise<Judged> => {
    const look = await kafka.describeReplication(brokers, options);
    if (!look.known) return unknown(NODE_KIND.BROKER, nodeId, look.why);
    return { ...brokerReplaceGate(look.snapshot, nodeId, force), snapshot: look.snapshot };
  }, waiting);
  if (!snapshot) return { partitions, bytes: null };
  const bytes = await kafka.bytesToReplicate(snapshot, { brokerId: nodeId, brokers }, options);
  const left = final === true && force === true ? remnants(snapshot, nodeId) : [];
  const election = left.length > 0 ? await kafka.electUncleanLeaders(left, brokers, options) : undefined;
  return {
    partitions,
    bytes,
    ...(election ? { elected: election.elected } : {}),
    ...(force === true ? { onlyHere: replaceImpact(snapshot, nodeId).onlyHere } : {}),
  };
}

/** What giving up a broker's disk would mean now, by one look. */
export async function previewReplace(input: ReplacePreviewInput): Promise<ReplacePreviewAnswer> {
  const { nodeId, brokers } = input;
  const options = { timeoutMs: PREVIEW_TIMEOUT_MS };
  const look = await kafka.describeReplication(brokers, options);
  if (!look.known) return { unknown: look.why };
  const bytes = await kafka.bytesToReplicate(look.snapshot, { brokerId: nodeId, brokers }, options);
  return { impact: { ...replaceImpact(look.snapshot, nodeId), bytes } };
}

/** Returns when the quorum has a majority of caught-up voters without the controller, which takes no part any more. */
export async function awaitControllerReplaceable(
  { nodeId, controllers }: AwaitControllerReplaceableInput,
  waiting: Waiting,
): Promise<void> {
  await untilOpenTwice(async () => {
    const look = await kafka.describeVoters(controllers, { signal: waiting.signal });
    return look.known
      ? controllerReplaceGate(look.snapshot, nodeId)
      : unknown(NODE_KIND.CONTROLLER, nodeId, look.why);
  }, waiting);
}

/** @throws MillraceError KAFKA_REFUSED */
export async function replaceVoter(input: ReplaceVoterInput, waiting: Waiting): Promise<void> {
  const { nodeId, oldDirectoryIds, newDirectoryId, host, port, controllers } = input;
  const listener = { name: LISTENER.CONTROLLER, host, port };
  await untilReady(
    () =>
      kafka.replaceVoter({ nodeId, oldDirectoryIds, newDirectoryId, listener }, controllers, {
        signal: waiting.signal,
      }),
    waiting,
  );
}

/** @throws MillraceError KAFKA_UNREACHABLE, KAFKA_NOT_READY, KAFKA_REFUSED */
export async function unregisterBroker(input: UnregisterBrokerInput, waiting: Waiting): Promise<void> {
  await untilReady(
    () => kafka.unregisterBroker(input.nodeId, input.brokers, { signal: waiting.signal }),
    waiting,
  );
}

/** @throws MillraceError KAFKA_UNREACHABLE, KAFKA_NOT_READY, KAFKA_REFUSED */
export async function electPreferredLeaders(
  input: ElectPreferredLeadersInput,
  waiting: Waiting,
): Promise<void> {
  await kafka.electPreferredLeaders(input.brokers, { signal: waiting.signal });
}

function unknown(kind: string, nodeId: number, why: string): { open: false; reason: string } {
  return { open: false, reason: `whether ${kind} ${nodeId} can be spared cannot be told: ${why}` };
}
