// Schemas of plans and operations as the API shows them.
import { z } from 'zod';
import { OPERATION_KIND, OPERATION_STATE } from '../../model/cluster.ts';
import { STATUS, type Plan, type PlanProgress, type StepAction } from '../../model/plan/plan.ts';

const timeMs = z.number().describe('Milliseconds since 1970');

export const kindSchema = z
  .enum(OPERATION_KIND)
  .meta({ id: 'OperationKind', description: 'What an operation does to its cluster' });

export const operationStateSchema = z.enum(OPERATION_STATE).meta({
  id: 'OperationState',
  description:
    'WAITING: for a condition or a person, with the reason. FAILED: waits for retry, skip or abort',
});

const statusSchema = z.enum(STATUS).meta({
  id: 'Status',
  description: 'Status of a step, a phase or a plan; a parent has that of its children',
});

const actionSchema = z
  .union([
    z.object({
      kind: z.enum([
        'place',
        'release',
        'replaceable',
        'relocate',
        'releaseFormer',
        'grow',
        'unregister',
        'removeVoter',
      ]),
      node: z.string(),
    }),
    z.object({
      kind: z.literal('start'),
      node: z.string(),
      elsewhere: z.literal(true).exactOptional().describe('On the place that relocate reserved'),
      leaders: z.literal(true).exactOptional().describe('Gives the leaders back to it when it is in sync'),
    }),
    z.object({
      kind: z.literal('stop'),
      node: z.string(),
      gated: z.literal(true).exactOptional().describe('Only when Kafka can do without the node'),
      together: z.array(z.string()).exactOptional().describe('Nodes that are down at the same time'),
      pause: z.literal(true).exactOptional().describe('It is kept stopped'),
    }),
    z.object({
      kind: z.literal('configure'),
      set: z.record(z.string(), z.string()).describe('Broker properties that get these values'),
      unset: z.array(z.string()).describe("Broker properties that get Kafka's default"),
    }),
    z.object({ kind: z.enum(['cordon', 'empty']), nodes: z.array(z.string()) }),
    z.object({
      kind: z.literal('propose'),
      without: z.array(z.string()).describe('Brokers that are to be empty afterwards'),
    }),
    z.object({ kind: z.enum(['verify', 'register', 'deregister', 'approve', 'move']) }),
  ])
  .meta({
    id: 'StepAction',
    description: 'What a step does, and to which node',
  }) satisfies z.ZodType<StepAction>;

const stepSchema = z
  .object({
    id: z.string().describe('Unique in its plan and stable: start:broker-0. What retry and skip name'),
    title: z.string().describe('One line for people'),
    action: actionSchema,
  })
  .meta({ id: 'PlanStep', description: 'The unit that can be retried or skipped' });

const phaseSchema = z
  .object({
    name: z.string(),
    after: z.array(z.string()).describe('Phases that must have ended before this one begins'),
    strategy: z.enum(['serial', 'parallel']),
    activeLast: z
      .literal(true)
      .exactOptional()
      .describe('The controller that leads the quorum when it begins goes last'),
    steps: z.array(stepSchema),
  })
  .meta({ id: 'PlanPhase', description: 'Steps that belong together' });

export const planSchema = z
  .object({
    operation: kindSchema,
    cluster: z.string(),
    phases: z.array(phaseSchema),
    changes: z.array(z.string()).exactOptional().describe('What it changes, per node and per key'),
  })
  .meta({
    id: 'Plan',
    description: 'All that an operation does, decided before anything is touched',
  }) satisfies z.ZodType<Plan>;

const loadSchema = z
  .object({ replicas: z.int(), leaders: z.int(), bytes: z.number() })
  .meta({ id: 'BrokerLoad', description: 'What a broker has' });

export const proposalSchema = z
  .object({
    hash: z.string().describe('What approve names'),
    partitions: z.int().describe('Partitions of which something changes'),
    replicasMoved: z.int(),
    leadersChanged: z.int(),
    bytesMoved: z.number(),
    leastSeconds: z.number().exactOptional().describe('The least time that the throttle allows'),
    brokers: z.array(
      z.object({
        id: z.int(),
        before: loadSchema,
        after: loadSchema,
        bytesIn: z.number(),
        bytesOut: z.number(),
      }),
    ),
    relaxed: z.array(z.string()).describe('Rules that could not be kept in full'),
  })
  .meta({ id: 'Proposal', description: 'Which replicas move' });

const stepProgressSchema = stepSchema
  .extend({
    status: statusSchema,
    runs: z.int().describe('How often it was begun'),
    reason: z
      .string()
      .exactOptional()
      .describe('Why it waits, failed, was skipped or aborted, and what a person can do'),
    sinceMs: timeMs.describe('When the present status began, milliseconds since 1970'),
    startedAtMs: timeMs.exactOptional(),
    endedAtMs: timeMs.exactOptional(),
  })
  .meta({ id: 'StepProgress', description: 'A step as it stands' });

const phaseProgressSchema = phaseSchema
  .extend({ status: statusSchema, steps: z.array(stepProgressSchema) })
  .meta({ id: 'PhaseProgress', description: 'A phase as it stands' });

const progressShape = z.object({
  operationId: z.string(),
  operation: kindSchema,
  cluster: z.string(),
  planHash: z.string().describe('Hash of the plan: what is shown is what is run'),
  status: statusSchema,
  paused: z.boolean(),
  requestedBy: z.string(),
  reason: z.string().exactOptional().describe('Why, in the words of who asked'),
  changes: z.array(z.string()).exactOptional().describe('What it changes, for people'),
  startedAtMs: timeMs,
  endedAtMs: timeMs.exactOptional(),
  phases: z.array(phaseProgressSchema),
  proposal: proposalSchema.exactOptional(),
  notes: z
    .array(z.string())
    .describe('Messages that were taken or refused, and other notes for people; the newest ones'),
}) satisfies z.ZodType<PlanProgress>;

export const operationLinksSchema = z
  .object({
    operation: z.string().describe('This operation in the API'),
    temporalUi: z.string().exactOptional().describe('Its workflow in the Temporal UI'),
  })
  .meta({ id: 'OperationLinks', description: 'Where to look further' });

/** A whole operation: its plan with all that happened so far. */
export const operationSchema = progressShape
  .extend({ state: operationStateSchema, workflowId: z.string(), links: operationLinksSchema })
  .meta({ id: 'Operation', description: 'An operation: its plan with all that happened so far' });
export type OperationView = z.output<typeof operationSchema>;

/** An operation in a list. */
export const operationSummarySchema = z
  .object({
    id: z.string(),
    cluster: z.string(),
    kind: kindSchema,
    state: operationStateSchema,
    startedAtMs: timeMs,
    endedAtMs: timeMs.exactOptional(),
    links: operationLinksSchema,
  })
  .meta({ id: 'OperationSummary', description: 'An operation in a list' });
export type OperationSummary = z.output<typeof operationSummarySchema>;

export const operationListSchema = z
  .object({ operations: z.array(operationSummarySchema).describe('The newest first') })
  .meta({ id: 'OperationList' });

/** The answer to a request that starts an operation. */
export const acceptedSchema = z
  .object({
    operationId: z.string(),
    workflowId: z.string(),
    plan: planSchema,
    planHash: z.string(),
    queuedBehind: z
      .string()
      .exactOptional()
      .describe('The operation that has to end first; then this one is planned anew'),
    links: operationLinksSchema,
  })
  .meta({ id: 'OperationAccepted', description: 'The operation was accepted and runs now, or is queued' });
export type AcceptedView = z.output<typeof acceptedSchema>;

const reason = z.string().trim().min(1).max(1000);
const step = z.string().min(1).describe('Id of the step, e.g. start:broker-0');

export const pauseBody = z
  .strictObject({ reason: reason.exactOptional() })
  .meta({ id: 'PauseRequest', description: 'Pause begins no further step; resume goes on' });
export const replaceBody = z
  .strictObject({
    reason: reason.exactOptional(),
    force: z
      .boolean()
      .exactOptional()
      .describe(
        'Do not ask Kafka whether it can do without the data that only this node has; takes a reason',
      ),
  })
  .refine(({ force, reason: why }) => force !== true || why !== undefined, {
    path: ['reason'],
    error: 'must say why the data that only this node has may be given up',
  })
  .meta({ id: 'ReplaceRequest', description: 'Why the node is replaced' });
export const approveBody = z
  .strictObject({
    planHash: z
      .string()
      .regex(/^[0-9a-f]{8,64}$/)
      .exactOptional()
      .describe(
        'Hash of what is approved, or its beginning: of the plan, or of the proposal that the step shows',
      ),
  })
  .meta({ id: 'ApproveRequest', description: 'Go on where a step waits for approval' });
export const retryBody = z
  .strictObject({ step })
  .meta({ id: 'RetryRequest', description: 'Run a FAILED step again' });
export const skipBody = z
  .strictObject({ step, reason })
  .meta({ id: 'SkipRequest', description: 'Leave a FAILED step undone and go on' });
export const abortBody = z
  .strictObject({ reason })
  .meta({ id: 'AbortRequest', description: 'Stop here and leave everything as it is' });
