// Schemas of the answers about placement: why nodes wait, and whether a cluster would fit.
import { z } from 'zod';
import { CLUSTER_STATUS, NODE_KIND } from '../../model/cluster.ts';
import { STAGE } from '../../model/placement/explain.ts';
import { OBSTACLE } from '../../model/placement/verdict.ts';
import { STATUS } from '../../model/plan/plan.ts';
import { sessionSchema } from './cluster.ts';

const timeMs = z.number().describe('Milliseconds since 1970');
const texts = (description: string) => z.array(z.string()).describe(description);

const agentVerdictSchema = z
  .object({
    agentId: z.string(),
    hostname: z.string(),
    fits: z.boolean(),
    reasons: texts('Each thing that is in the way, and by how much: cpus 0.5 < 1.1'),
    notes: texts('What is worth knowing and keeps no node away: scheduled for maintenance at …'),
    obstacles: z
      .array(z.enum(OBSTACLE))
      .describe(
        'What kind of thing is in the way: the agent is CLOSED to everybody; it would fit but for what other frameworks HELD ' +
          'in offers; it has too few RESOURCES; a CONSTRAINT of the spec forbids it',
      ),
    offeredAtMs: timeMs
      .exactOptional()
      .describe('When it was last offered in this session; absent when it is not among the last offers'),
  })
  .meta({ id: 'AgentVerdict', description: 'What one agent says to a node' });
export type AgentVerdictView = z.output<typeof agentVerdictSchema>;

const agentsLeftOut = z.int().describe('Agents that are not listed, being further away');

const waitingSchema = z
  .object({
    node: z.string(),
    kind: z.enum(NODE_KIND),
    stage: z
      .enum(STAGE)
      .describe('PLACE: it has no resources yet; LAUNCH: those that are reserved are not offered'),
    operationId: z.string(),
    status: z.enum(STATUS).describe('Status of its step; FAILED waits for a person'),
    sinceMs: timeMs.describe('Since when its step has this status'),
    reason: z.string().exactOptional().describe('What its step says'),
  })
  .meta({ id: 'WaitingNode', description: 'A node that an operation wants to place or launch' });

const explanationSchema = z
  .object({
    nodes: texts('Nodes that wait for the same'),
    stage: z.enum(STAGE),
    wants: texts('What each of them wants of an agent'),
    everywhere: texts('What keeps them away from all agents: a quota, say'),
    agents: z.array(agentVerdictSchema).describe('Every agent, those that come closest first'),
    agentsLeftOut,
    advice: texts('What a person can do'),
  })
  .meta({ id: 'Explanation', description: 'Why some nodes wait' });

const offerSchema = z
  .object({
    atMs: timeMs.describe('When it was decided, or, while it is held, when it came'),
    offerId: z.string(),
    agentId: z.string(),
    hostname: z.string(),
    offered: z.string().describe('In short: cpus 2, mem 1024, disk 4096, 100 ports'),
    outcome: z
      .enum(['used', 'declined', 'rescinded', 'expired', 'held'])
      .describe(
        'used: accepted; declined: nobody wanted it; rescinded: taken back by Mesos; expired: no node could use it for a while; ' +
          'held: not decided yet',
      ),
    reason: z.string(),
  })
  .meta({ id: 'OfferOutcome', description: 'An offer of this session and what became of it' });

/** Why nodes of a cluster wait. */
export const whySchema = z
  .object({
    cluster: z.string(),
    status: z.enum(CLUSTER_STATUS),
    session: sessionSchema,
    waiting: z
      .array(waitingSchema)
      .describe('Nodes that wait to be placed or launched; empty: nothing waits'),
    explanations: z.array(explanationSchema),
    offers: z
      .array(offerSchema)
      .nullable()
      .describe('The last 100 offers of this session, the newest first; null when they are not known'),
    unknown: texts('What could not be found out, and why'),
    atMs: timeMs.exactOptional().describe('When Mesos was asked; absent when nothing waits'),
  })
  .meta({ id: 'Why', description: 'Why nodes of a cluster wait to be placed or launched' });
export type WhyView = z.output<typeof whySchema>;

const plannedNodeSchema = z
  .object({
    node: z.string(),
    fits: z.boolean(),
    agentId: z.string().exactOptional().describe('The agent that it would go to'),
    hostname: z.string().exactOptional(),
    port: z.int().exactOptional(),
    sameAs: z.string().exactOptional().describe('It does not fit for exactly the reasons of this node'),
    wants: texts('What it wants of an agent').exactOptional(),
    agents: z.array(agentVerdictSchema).exactOptional().describe('Why it does not fit, by agent'),
    agentsLeftOut: agentsLeftOut.exactOptional(),
    advice: texts('What a person can do').exactOptional(),
  })
  .meta({ id: 'PlannedNode', description: 'Where a node would go, or why it fits nowhere' });

/** Whether a cluster would fit now. */
export const preflightSchema = z
  .object({
    cluster: z.string(),
    role: z.string(),
    fits: z.boolean().describe('Whether an install would be accepted and find a place for every node now'),
    problems: texts('What an install would be refused for, or wait for, beside the placement of nodes'),
    warnings: texts('What is worth knowing and keeps nothing from being installed'),
    nodes: z.array(plannedNodeSchema).describe('In the order in which the install places them'),
    unknown: texts('What could not be found out, and why'),
    atMs: timeMs.describe('When Mesos was asked: it may be otherwise a moment later'),
  })
  .meta({ id: 'Preflight', description: 'Whether a cluster would fit; nothing is reserved by it' });
export type PreflightView = z.output<typeof preflightSchema>;
