// Schemas of clusters and their nodes as the API shows them.
import { z } from 'zod';
import { CLUSTER_STATUS, NODE_KIND, NODE_STATUS, OPERATION_KIND } from '../../model/cluster.ts';
import { clusterSpecInputSchema, clusterSpecSchema } from '../../model/spec/schema.ts';
import { operationStateSchema } from './operation.ts';

const timeMs = z.number().describe('Milliseconds since 1970');

const nodeSchema = z
  .object({
    name: z.string().describe('broker-0, controller-1'),
    kind: z.enum(NODE_KIND),
    nodeId: z.int().describe("Kafka's node.id; never changes"),
    status: z.enum(NODE_STATUS),
    host: z.string().nullable().describe('Host of its Mesos agent; null before it is placed'),
    port: z.int().nullable(),
    agent: z.string().nullable().describe('Id of its Mesos agent'),
    task: z.string().nullable().describe('Id of its newest Mesos task; null before the first'),
    taskState: z.string().nullable().describe('State that Mesos last reported for that task'),
    reason: z.string().exactOptional().describe('Why the node is in its status, when that is not obvious'),
    generation: z.int().describe('Of the spec that its task was launched with'),
    rack: z.string().exactOptional().describe('Rack that Kafka is told of it'),
    configHash: z.string().exactOptional().describe('Hash of the configuration that the task runs with'),
  })
  .meta({ id: 'Node', description: 'A broker or controller' });
export type NodeView = z.output<typeof nodeSchema>;

const operationRecordSchema = z
  .object({
    id: z.string(),
    kind: z.enum(OPERATION_KIND),
    state: operationStateSchema,
    requestedBy: z.string(),
    reason: z.string().exactOptional(),
    nodes: z.array(z.string()).exactOptional().describe('The nodes that it is about, when not all'),
    startedAtMs: timeMs,
    endedAtMs: timeMs.exactOptional(),
    planHash: z.string(),
    outcome: z.string().exactOptional().describe('Why it ended as it did, and what was left over'),
  })
  .meta({ id: 'OperationRecord', description: 'An operation in the history of its cluster' });

const linksSchema = z
  .object({
    cluster: z.string().describe('This cluster in the API'),
    temporalUi: z.string().exactOptional().describe('Its workflow in the Temporal UI'),
  })
  .meta({ id: 'ClusterLinks', description: 'Where to look further' });

/** The subscription of a cluster. */
export const sessionSchema = z
  .object({
    open: z.boolean(),
    master: z.string().exactOptional().describe('The leading Mesos master'),
    epoch: z.int().exactOptional().describe('Grows with each new subscription'),
    problem: z.string().exactOptional().describe('Why there is no session'),
  })
  .meta({ id: 'Session', description: "The cluster's subscription with Mesos" });

/** The spec as a user sends it. */
export const specRequestSchema = clusterSpecInputSchema.meta({
  id: 'ClusterSpec',
  description:
    'What a user declares for a cluster; unknown keys are refused, and defaults are safe in production',
});

/** The spec as it was accepted. */
const completeSpecSchema = clusterSpecSchema.meta({
  id: 'CompleteClusterSpec',
  description: 'A spec with every default filled in',
});

/** A whole cluster. */
export const clusterSchema = z
  .object({
    name: z.string(),
    status: z.enum(CLUSTER_STATUS),
    generation: z.int().describe('Grows by one with each accepted spec'),
    spec: completeSpecSchema,
    bootstrapServers: z
      .string()
      .describe('Addresses of the placed brokers, as Kafka clients take them; empty before'),
    nodes: z.array(nodeSchema),
    session: sessionSchema,
    frameworkId: z.string().describe('Id of the Mesos framework; empty before the first subscription'),
    kafkaClusterId: z.string(),
    operation: operationRecordSchema.nullable().describe('The operation that changes the cluster now'),
    queue: z
      .array(z.object({ id: z.string(), kind: z.string(), requestedBy: z.string(), queuedAtMs: timeMs }))
      .describe('What waits until the operation has ended, in its order'),
    recoveries: z.array(operationRecordSchema).describe('The recoveries that run now'),
    history: z.array(operationRecordSchema).describe('Operations that ended'),
    createdAtMs: timeMs,
    links: linksSchema,
  })
  .meta({ id: 'Cluster', description: 'All that Millrace knows of a cluster' });
export type ClusterView = z.output<typeof clusterSchema>;

/** A cluster in a list. A cluster that does not answer is listed all the same. */
export const clusterSummarySchema = z
  .object({
    name: z.string(),
    status: z.enum([...Object.values(CLUSTER_STATUS), 'UNKNOWN']),
    kafkaVersion: z.string().exactOptional(),
    brokers: z
      .object({ ready: z.int(), total: z.int() })
      .exactOptional()
      .describe('Brokers that are ready, and all of them'),
    operation: z.string().exactOptional().describe('Id of the operation that runs now'),
    problem: z.string().exactOptional().describe('Why nothing more is known; with status UNKNOWN'),
    links: linksSchema,
  })
  .meta({ id: 'ClusterSummary', description: 'A cluster in a list' });
export type ClusterSummary = z.output<typeof clusterSummarySchema>;

export const clusterListSchema = z
  .object({ clusters: z.array(clusterSummarySchema) })
  .meta({ id: 'ClusterList' });

export const nodeListSchema = z.object({ brokers: z.array(nodeSchema) }).meta({ id: 'BrokerList' });
