// Answers whether a cluster would fit now: the placement of its nodes, played through on the master's view of all agents.
import { getPlacementFacts, type MesosEndpoint } from '../mesos/index.ts';
import { NODE_KIND } from '../model/cluster.ts';
import { demandOf } from '../model/placement/demand.ts';
import { simulate } from '../model/placement/simulate.ts';
import { quotaProblems } from '../model/placement/verdict.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';
import type { PreflightAnswer } from '../workflows/contract.ts';
import { pictureOf } from './mesos-picture.ts';

/** Short: somebody waits for the answer, and the API has a deadline of its own. */
const ASK_TIMEOUT_MS = 1_500;

/** Looks only. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function preflight(
  deps: { mesos: MesosEndpoint },
  { spec }: { spec: ClusterSpec },
): Promise<PreflightAnswer> {
  const facts = await getPlacementFacts(deps.mesos, { timeoutMs: ASK_TIMEOUT_MS });
  const picture = pictureOf(facts, { role: spec.role, cluster: spec.name });
  // In the order of the install's plan.
  const demands = [NODE_KIND.CONTROLLER, NODE_KIND.BROKER].flatMap((kind) =>
    Array.from({ length: kind === NODE_KIND.BROKER ? spec.brokers.count : spec.controllers.count }, (_, n) =>
      demandOf(spec, { name: `${kind}-${n}`, kind }, picture.region),
    ),
  );
  const nodes = simulate(picture.agents, demands);
  const brokersFirst = simulate(picture.agents, demands.toReversed());
  return {
    atMs: Date.now(),
    agents: picture.agents.length,
    nodes,
    tight: nodes.every(({ fits }) => fits) && !brokersFirst.every(({ fits }) => fits),
    quota: quotaProblems(picture.quotas, demands),
    ...(picture.region === undefined ? {} : { region: picture.region }),
    frameworksInRole: facts.frameworks
      .filter(({ roles }) => roles.includes(spec.role))
      .map(({ id, name }) => ({ id, name })),
    unknown: picture.unknown,
  };
}
