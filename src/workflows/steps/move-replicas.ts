// Steps that move replicas between brokers: proposed, approved, carried out under a throttle, put back when that is called off.
import { condition } from '@temporalio/workflow';
import type { KafkaAddress } from '../../activities/contract.ts';
import { NODE_KIND } from '../../model/cluster.ts';
import type { StepProgress } from '../../model/plan/plan.ts';
import { rackOf } from '../../model/plan/roll.ts';
import { sayMoves } from '../../model/reassignment/describe-proposal.ts';
import { reversed, type Proposal } from '../../model/reassignment/proposal.ts';
import { anywhere } from '../activity-proxies.ts';
import { markWaiting, show, type Operation } from '../operation/operation.ts';
import { addressesOf, callerOf, nodesOfKind } from './step-context.ts';

/** What an abort puts back, by name. */
const UNCORDON = 'let new partitions come to the brokers again';
const MOVE_BACK = 'call off the moves, and move back what has moved';
const CALL_OFF = 'call off the moves that are under way';
const UNTHROTTLE = 'take the throttle away';

/** Keeps new partitions away from brokers that leave; says so where Kafka cannot. */
export async function cordon(
  operation: Operation,
  step: StepProgress,
  nodes: readonly string[],
): Promise<string | undefined> {
  const call = (cordoned: boolean) =>
    anywhere.cordonBrokers.executeWithOptions(
      {
        summary: `${cordoned ? 'keep new partitions away from' : 'let new partitions come to'} ${nodes.join(', ')}`,
      },
      [{ caller: callerOf(step), nodeIds: idsOf(operation, nodes), brokers: brokersOf(operation), cordoned }],
    );
  operation.putBack.set(UNCORDON, async () => {
    await call(false);
  });
  const { unsupported } = await call(true);
  if (unsupported === null) return undefined;
  operation.putBack.delete(UNCORDON);
  return `new topics may still get replicas on ${nodes.join(', ')} while they are emptied, since this Kafka cannot cordon brokers`;
}

/** Computes the proposal and keeps it: what is approved is what is run. */
export async function propose(
  operation: Operation,
  step: StepProgress,
  without: readonly string[],
): Promise<undefined> {
  const { cluster, options } = operation.input;
  const throttle = options?.throttleBytesPerSecond;
  const targets = nodesOfKind(operation, NODE_KIND.BROKER)
    .filter(({ name, placement, paused }) => placement !== null && !paused && !without.includes(name))
    .map((node) => {
      const rack = rackOf(cluster, node);
      return { id: node.nodeId, ...(rack === undefined ? {} : { rack }) };
    });
  operation.proposal = await anywhere.proposeMoves.executeWithOptions(
    { summary: 'compute which replicas move' },
    [
      {
        caller: callerOf(step),
        brokers: brokersOf(operation),
        targets,
        ...(throttle === undefined ? {} : { throttleBytesPerSecond: throttle }),
      },
    ],
  );
  operation.progress.proposal = operation.proposal.view;
  operation.isDraining = without.length > 0;
  show(operation);
}

/** Waits until a person approves the proposal by its hash. Nothing to move needs no approval. */
export async function approveMoves(operation: Operation, step: StepProgress): Promise<undefined> {
  const view = operation.proposal?.view;
  if (!view || view.partitions === 0) return;
  const { operationId } = operation.input;
  operation.approvals.set(step.id, view.hash);
  markWaiting(
    operation,
    step.id,
    `for approval of the proposal ${view.hash.slice(0, 12)} (${sayMoves(view)}): "millrace op approve '${operationId}'", or the signal approve with {"planHash":"${view.hash.slice(0, 12)}"}`,
  );
  try {
    await condition(() => operation.approved.has(step.id));
  } finally {
    operation.approvals.delete(step.id);
  }
}

/** Carries the proposal out. The throttle is there for as long as that takes, and goes whatever happens. */
export async function move(operation: Operation, step: StepProgress): Promise<string | undefined> {
  const { proposal } = operation;
  if (!proposal || proposal.view.partitions === 0) return undefined;
  const unthrottle = await throttle(operation, step, proposal);
  const caller = callerOf(step);
  const brokers = brokersOf(operation);
  const { moves } = proposal;
  operation.putBack.set(operation.isDraining ? MOVE_BACK : CALL_OFF, async () => {
    await anywhere.cancelMoves.executeWithOptions({ summary: 'call off the moves' }, [
      { caller, brokers, moves },
    ]);
    if (operation.isDraining)
      await anywhere.moveReplicas.executeWithOptions({ summary: 'move back what has moved' }, [
        { caller, brokers, moves: reversed(moves) },
      ]);
  });
  await anywhere.moveReplicas.executeWithOptions(
    { summary: `move ${proposal.view.replicasMoved} replicas of ${proposal.view.partitions} partitions` },
    [{ caller, brokers, moves }],
  );
  operation.putBack.delete(CALL_OFF);
  await unthrottle();
  operation.putBack.delete(UNTHROTTLE);
  return undefined;
}

async function throttle(
  operation: Operation,
  step: StepProgress,
  { moves }: Proposal,
): Promise<() => Promise<void>> {
  const bytesPerSecond = operation.input.options?.throttleBytesPerSecond;
  if (bytesPerSecond === undefined) return () => Promise.resolve();
  const common = { caller: callerOf(step), brokers: brokersOf(operation) };
  const topics = Object.keys(moves);
  // Read by the first run of the step: a later one would take its own throttle for an earlier one.
  operation.earlierThrottle ??= await anywhere.readThrottle.executeWithOptions(
    { summary: 'remember the throttle that there is' },
    [{ ...common, topics }],
  );
  const earlier = operation.earlierThrottle;
  const restore = () =>
    anywhere.restoreThrottle.executeWithOptions({ summary: 'take the throttle away' }, [
      { ...common, earlier },
    ]);
  operation.putBack.set(UNTHROTTLE, restore);
  await anywhere.setThrottle.executeWithOptions({ summary: `throttle to ${bytesPerSecond} bytes a second` }, [
    { ...common, topics, bytesPerSecond },
  ]);
  return restore;
}

/** Proves that brokers hold no replica any more. */
export async function proveEmpty(
  operation: Operation,
  step: StepProgress,
  nodes: readonly string[],
): Promise<undefined> {
  await anywhere.awaitEmpty.executeWithOptions(
    { summary: `prove that ${nodes.join(', ')} hold no replica` },
    [{ caller: callerOf(step), nodeIds: idsOf(operation, nodes), brokers: brokersOf(operation) }],
  );
}

/** From now on an abort leaves things as they are: a broker that was emptied has been stopped. */
export function keepWhatWasDone(operation: Operation): void {
  operation.putBack.clear();
}

function brokersOf(operation: Operation): KafkaAddress[] {
  const paused = nodesOfKind(operation, NODE_KIND.BROKER).filter((node) => node.paused !== undefined);
  return addressesOf(operation, NODE_KIND.BROKER).filter(({ nodeId }) =>
    paused.every((node) => node.nodeId !== nodeId),
  );
}

function idsOf(operation: Operation, names: readonly string[]): number[] {
  return names.flatMap((name) => operation.nodes[name]?.nodeId ?? []);
}
