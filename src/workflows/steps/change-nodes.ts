// Steps that change what nodes have, or who belongs to the cluster, while it serves.
import { getExternalWorkflowHandle } from '@temporalio/workflow';
import { NODE_KIND, NODE_STATUS } from '../../model/cluster.ts';
import { resourceChange } from '../../model/node/resource-change.ts';
import type { StepAction, StepProgress } from '../../model/plan/plan.ts';
import { anywhere } from '../activity-proxies.ts';
import { clusterWorkflowId, dynamicChangedSignal } from '../contract.ts';
import type { Operation } from '../operation/operation.ts';
import { addressesOf, callerOf, giveBack, nodeOf, reserve, takeNode } from './step-context.ts';

/** Reserves what a node needs more by the wanted spec, while it runs: it is never stopped for resources that it may not get. */
export async function grow(operation: Operation, step: StepProgress, name: string): Promise<undefined> {
  const node = await takeNode(operation, name);
  const { placement } = node;
  const { spec } = operation.input.cluster;
  if (placement !== null && resourceChange(node, spec).grows) {
    await reserve(operation, step, node, { placementNumber: placement.number });
    // Its volumes are what they were: they grow when it is stopped. What is reserved is seen by whoever launches it.
  }
  await giveBack(operation, name);
}

/** Changes broker properties while Kafka runs. The entity hears of it first, so that what is half done is known to be. */
export async function configure(
  operation: Operation,
  step: StepProgress,
  { set, unset }: Extract<StepAction, { kind: 'configure' }>,
): Promise<undefined> {
  const { operationId, cluster } = operation.input;
  const values: Record<string, string | null> = {
    ...set,
    ...Object.fromEntries(unset.map((key): [string, null] => [key, null])),
  };
  const entity = getExternalWorkflowHandle(clusterWorkflowId(cluster.name));
  await entity.signal(dynamicChangedSignal, { operationId, begun: Object.keys(values) });
  // One that does not run reads them with its metadata when it is started.
  const running = addressesOf(operation, NODE_KIND.BROKER).filter(
    ({ nodeId }) => operation.nodes[`broker-${nodeId}`]?.status === NODE_STATUS.READY,
  );
  await anywhere.configureBrokers.executeWithOptions(
    { summary: `change ${Object.keys(values).join(', ').slice(0, 150)}` },
    [{ caller: callerOf(step), values, brokers: running }],
  );
  await entity.signal(dynamicChangedSignal, { operationId, values });
}

/** Makes Kafka forget a broker that is stopped for good. */
export async function unregister(operation: Operation, step: StepProgress, name: string): Promise<undefined> {
  const { nodeId } = nodeOf(operation, name);
  const brokers = addressesOf(operation, NODE_KIND.BROKER).filter((broker) => broker.nodeId !== nodeId);
  await anywhere.unregisterBroker.executeWithOptions({ summary: `make Kafka forget ${name}` }, [
    { caller: callerOf(step), nodeId, brokers },
  ]);
}

/** Takes a controller out of the quorum, when the others are a majority without it. */
export async function removeVoter(
  operation: Operation,
  step: StepProgress,
  name: string,
): Promise<undefined> {
  await takeNode(operation, name);
  await anywhere.removeVoter.executeWithOptions({ summary: `take ${name} out of the quorum` }, [
    {
      caller: callerOf(step),
      nodeId: nodeOf(operation, name).nodeId,
      controllers: addressesOf(operation, NODE_KIND.CONTROLLER),
    },
  ]);
}
