// Why a node that has its place is not launched: what is reserved for it is away, still in use, or not yet offered.
import { hasLabels, sumScalar, type AgentSummary, type PlacementFacts } from '../mesos/index.ts';
import type { Resource } from '../mesos/types.ts';
import { STAGE, wantsOf, type Explanation, type WaitingNode } from '../model/placement/explain.ts';
import { demandOf } from '../model/placement/demand.ts';
import { showAmounts } from '../model/placement/show.ts';
import type { WhyInput } from '../workflows/contract.ts';
import { closedOf } from './mesos-picture.ts';
import { LABEL } from './offers.ts';

/** What the master says of the reservation of one node. */
export function explainLaunch(
  facts: PlacementFacts,
  { cluster, incarnation, spec }: WhyInput,
  { node, kind, placement }: WaitingNode,
): Explanation {
  const labels = {
    [LABEL.CLUSTER]: cluster,
    [LABEL.INCARNATION]: incarnation,
    [LABEL.NODE]: node,
    ...(placement ? { [LABEL.PLACEMENT]: String(placement.number) } : {}),
  };
  const mine = (resources: readonly Resource[]) =>
    resources.filter((resource) => hasLabels(resource, labels));
  const agent = facts.agents.find(({ totalResources }) => mine(totalResources).length > 0);
  const demand = { ...demandOf(spec, { name: node, kind }), constraints: [], port: placement?.port ?? 0 };
  const about = { nodes: [node], stage: STAGE.LAUNCH, wants: wantsOf(demand), agentsLeftOut: 0 };
  if (!agent) {
    const where = placement ? `${placement.hostname} (agent ${placement.agentId})` : 'its agent';
    const known = facts.agents.some(({ id }) => id === placement?.agentId);
    return {
      ...about,
      everywhere: [
        known
          ? `nothing is reserved for ${node} on ${where} any more`
          : `${where}, which holds its volume, is not registered with Mesos`,
      ],
      agents: [],
      advice: [
        known
          ? 'its data is no longer where it was: abort the operation, and uninstall the cluster'
          : `bring ${placement?.hostname ?? 'the agent'} back; it is launched by itself then`,
      ],
    };
  }
  const closed = closedOf(agent);
  const used = mine(agent.allocatedResources);
  const offered = mine(agent.offeredResources).length > 0;
  const reasons = [
    ...closed,
    ...(used.length > 0 ? [`what is reserved for it is still in use (${amountsOf(used)})`] : []),
    ...(closed.length === 0 && used.length === 0 && !offered
      ? ['what is reserved for it is free and not offered yet']
      : []),
  ];
  return {
    ...about,
    everywhere: [],
    agents: [verdict(agent, reasons)],
    advice: [adviceFor(agent, { closed, inUse: used.length > 0 })],
  };
}

function verdict({ id, hostname }: AgentSummary, reasons: string[]): Explanation['agents'][number] {
  return { agentId: id, hostname, fits: reasons.length === 0, reasons, notes: [], obstacles: [] };
}

function adviceFor(agent: AgentSummary, { closed, inUse }: { closed: string[]; inUse: boolean }): string {
  if (closed.length > 0) return `bring ${agent.hostname} back; it is launched by itself then`;
  if (inUse)
    return `wait until its former task and executor on ${agent.hostname} have ended; Mesos offers their resources then`;
  return 'nothing: it is launched with the next offer of its agent; this takes seconds';
}

function amountsOf(resources: readonly Resource[]): string {
  return showAmounts({
    cpus: sumScalar(resources, 'cpus'),
    memMb: sumScalar(resources, 'mem'),
    diskMb: sumScalar(resources, 'disk'),
  });
}
