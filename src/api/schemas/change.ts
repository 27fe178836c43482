// Schemas of changes of a cluster that serves.
import { z } from 'zod';
import { parseHours, type MaintenanceHours } from '../../model/maintenance-hours.ts';
import { acceptedSchema, kindSchema, planSchema, proposalSchema } from './operation.ts';

const reason = z.string().trim().min(1).max(1000).exactOptional().describe('Why; kept with the operation');
const queue = z
  .boolean()
  .exactOptional()
  .describe('Wait for the operation that runs, instead of being refused');
const planHash = z
  .string()
  .regex(/^[0-9a-f]{8,64}$/, { error: 'accepted: 8 to 64 hexadecimal digits' })
  .exactOptional()
  .describe(
    'Run just this plan (its hash, or 8 digits of it or more); refused when it is not what would be done now',
  );
const window = z
  .string()
  .exactOptional()
  .describe('Hours (UTC) within which nodes are stopped: 22:00-06:00, or sat,sun 02:00-06:00');
const THROTTLE =
  'Bytes a second that each broker may send, and receive, while replicas move. Default: no limit';
const throttle = z.number().int().min(1024).exactOptional().describe(THROTTLE);

const common = { reason, queue, planHash, window };

export const restartBody = z
  .strictObject({
    ...common,
    nodes: z.array(z.string()).min(1).exactOptional().describe('Names of nodes; all when left out'),
    rack: z.string().min(1).exactOptional().describe('Only brokers of this rack'),
  })
  .meta({ id: 'RestartRequest', description: 'Which nodes are restarted, one after the other' });

export const rebalanceBody = z
  .strictObject({
    ...common,
    approved: z.boolean().exactOptional().describe('Run without waiting for approval of the proposal'),
    throttleBytesPerSecond: throttle,
  })
  .meta({ id: 'RebalanceRequest', description: 'Moves replicas until all brokers have their share' });

export const nodeChangeBody = z
  .strictObject(common)
  .meta({ id: 'NodeChangeRequest', description: 'Why a broker is paused or resumed' });

export const scaleBody = z
  .strictObject({
    ...common,
    brokers: z.number().int().min(1).exactOptional().describe('How many brokers there are to be'),
    controllers: z
      .number()
      .int()
      .min(1)
      .exactOptional()
      .describe('How many controllers there are to be; odd'),
    remove: z
      .array(z.string())
      .exactOptional()
      .describe('Brokers that go; those with the greatest ids when left out'),
    rebalance: z.boolean().exactOptional().describe('false: new brokers stay empty until a rebalance'),
    throttleBytesPerSecond: throttle,
  })
  .meta({ id: 'ScaleRequest', description: 'How many nodes there are to be' });

const flag = z.enum(['true', 'false']).exactOptional();

/** The options of an apply are in its address: its body is the spec. */
export const applyQuery = z.strictObject({
  plan: planHash,
  queue: flag.describe('true: wait for the operation that runs'),
  rebalance: flag.describe('false: new brokers stay empty until a rebalance'),
  remove: z.string().exactOptional().describe('Brokers that go, separated by commas'),
  window,
  reason,
  throttleBytesPerSecond: z.coerce.number().int().min(1024).exactOptional().describe(THROTTLE),
});

/** What a change would do. */
export const changePlanSchema = z
  .object({
    unchanged: z.boolean().describe('Nothing would be done: the cluster is as the spec says'),
    generation: z.int().describe('Of the spec that the cluster has now'),
    operation: kindSchema.nullable(),
    planHash: z.string().nullable().describe('Names this very plan; apply it with ?plan='),
    plan: planSchema.nullable(),
    moves: proposalSchema.nullable().describe('Which replicas would move, as things are now'),
    movesUnknown: z.string().exactOptional().describe('Why it cannot be told which replicas would move'),
    runsNow: z.string().exactOptional().describe('Operation that runs now: it has to end first'),
  })
  .meta({ id: 'ChangePlan', description: 'What a change would do; nothing was changed' });
export type ChangePlanView = z.output<typeof changePlanSchema>;

/** The answer of an apply that has nothing to do. */
export const unchangedSchema = z
  .object({ unchanged: z.literal(true), generation: z.int() })
  .meta({ id: 'Unchanged', description: 'The cluster is as the spec says; nothing was done' });
export type UnchangedView = z.output<typeof unchangedSchema>;

export const appliedSchema = z.union([acceptedSchema, unchangedSchema]);

/** The hours in a request; null when they cannot be read. */
export function hoursOf(text: string | undefined): MaintenanceHours | null | undefined {
  return text === undefined ? undefined : parseHours(text);
}
