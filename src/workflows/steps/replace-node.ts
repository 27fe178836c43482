// The steps that give a node another place.
import { getExternalWorkflowHandle, uuid4 } from '@temporalio/workflow';
import type { AwaitBrokerReplaceableInput, BrokerReplaceable, StopGate } from '../../activities/contract.ts';
import { NODE_KIND, NODE_STATUS, type NodeState } from '../../model/cluster.ts';
import { count, nameSome } from '../../model/names.ts';
import type { StepProgress } from '../../model/plan/plan.ts';
import { addNote } from '../../model/plan/progress.ts';
import { sayCopied } from '../../model/safety/broker-replace-gate.ts';
import { SPARELESS_POLICY } from '../../model/safety/gate.ts';
import { drawKafkaUuid } from '../../model/uuid-text.ts';
import { anywhere } from '../activity-proxies.ts';
import { clusterWorkflowId, formerReleasedSignal } from '../contract.ts';
import { refuse } from '../failure.ts';
import type { Operation } from '../operation/operation.ts';
import { addressesOf, callerOf, report, reserve, withSession } from './step-context.ts';

/** Waits until Kafka can do without a node's data, and notes how much is copied, and what a forced one gives up. */
export async function replaceable(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
): Promise<undefined> {
  const seen = await awaitReplaceable(operation, step, node, { force: isForced(step) });
  if (seen === null) return;
  const { onlyHere = [] } = seen;
  addNote(operation.progress, `the others copy ${sayCopied(seen)}, to ${node.name}`);
  if (onlyHere.length > 0)
    addNote(
      operation.progress,
      `given up by force with ${node.name}: ${count(onlyHere.length, 'partition')} that nobody else had in full: ${nameSome(onlyHere)}`,
    );
}

/** Whether a person has given up what only this node has. */
export function isForced(step: StepProgress | undefined): boolean {
  return step?.action.kind === 'replaceable' && step.action.force === true;
}

/** Waits until Kafka can do without a node's data; what is to be copied, or null of a controller. */
export async function awaitReplaceable(
  operation: Operation,
  step: StepProgress,
  { kind, name, nodeId }: NodeState,
  how: Pick<AwaitBrokerReplaceableInput, 'force' | 'final'>,
): Promise<BrokerReplaceable | null> {
  const caller = callerOf(step);
  const options = { summary: `wait until Kafka can do without the data of ${name}` };
  if (kind === NODE_KIND.CONTROLLER) {
    await anywhere.awaitControllerReplaceable.executeWithOptions(options, [
      { caller, nodeId, controllers: addressesOf(operation, NODE_KIND.CONTROLLER) },
    ]);
    return null;
  }
  return anywhere.awaitBrokerReplaceable.executeWithOptions(options, [
    {
      caller,
      nodeId,
      brokers: addressesOf(operation, NODE_KIND.BROKER),
      ...how,
    },
  ]);
}

/** Reserves another place for a node; it is taken when the node is started there. */
export async function relocate(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
): Promise<undefined> {
  const { placement } = node;
  if (placement === null)
    throw refuse('INTERNAL', `${node.name} has no place that it could leave; nothing was reserved.`);
  if (node.next !== undefined) return;
  const earlier = Math.max(node.lastPlace ?? 0, placement.number);
  // A repeated run may have reserved already; what another replacement reserved may be on its way back to Mesos.
  const isRepeated = step.runs > 1 && earlier > placement.number;
  const placementNumber = isRepeated ? earlier : earlier + 1;
  if (placementNumber !== node.lastPlace) await report(operation, { ...node, lastPlace: placementNumber });
  const reserved = await reserve(operation, step, node, {
    placementNumber,
    avoidAgents: [placement.agentId],
  });
  const next = { placement: reserved, directoryId: drawKafkaUuid(uuid4) };
  await report(operation, { ...(operation.nodes[node.name] ?? node), next });
}

/** Releases what a node held on its former agent, or says that it is left until that agent comes back. */
export async function releaseFormer(
  operation: Operation,
  step: StepProgress,
  node: NodeState,
): Promise<string | undefined> {
  const { name, incarnation, spec, nodes } = operation.input.cluster;
  const former = nodes[node.name]?.placement;
  if (!former || former.number === node.placement?.number) return undefined;
  const current = operation.nodes[node.name] ?? node;
  if (current.status !== NODE_STATUS.READY)
    return `${node.name} is not ready on its new agent, so what it held on ${former.hostname} is kept until it is`;
  const { released, left } = await withSession(operation, step, (session, activities) =>
    activities.releaseNode.executeWithOptions(
      { summary: `release what ${node.name} held on ${former.hostname}` },
      [
        {
          caller: callerOf(step),
          session,
          cluster: name,
          incarnation,
          spec,
          node: node.name,
          placement: former,
          onlyPlacement: former.number,
        },
      ],
    ),
  );
  if (released)
    await getExternalWorkflowHandle(clusterWorkflowId(name)).signal(formerReleasedSignal, {
      node: node.name,
      placementNumber: former.number,
    });
  return left;
}

/** What has to hold before a node of a serving cluster is stopped. */
export function stopGate(
  operation: Operation,
  { kind, nodeId }: NodeState,
  together: readonly string[] = [],
): StopGate {
  const others = together.flatMap((name) => operation.nodes[name]?.nodeId ?? []);
  return {
    kind,
    nodeId,
    ...(others.length > 0 ? { together: others } : {}),
    brokers: addressesOf(operation, NODE_KIND.BROKER),
    controllers: addressesOf(operation, NODE_KIND.CONTROLLER),
    policy: operation.input.cluster.spec.update?.spareless ?? SPARELESS_POLICY.WAIT,
  };
}
