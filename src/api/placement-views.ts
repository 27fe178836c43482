// What the API shows of the questions about placement: pure functions of what was found.
import type { NodeKind } from '../model/cluster.ts';
import { adviceFor, wantsOf } from '../model/placement/explain.ts';
import { demandOf } from '../model/placement/demand.ts';
import type { Simulated } from '../model/placement/simulate.ts';
import type { ClusterSpec } from '../model/spec/schema.ts';
import { roleTaken, type PreflightFound, type WhyFound } from './questions.ts';
import type { PreflightView, WhyView } from './schemas/placement.ts';
import { sessionView } from './views.ts';

export function whyView({ state, waiting, answer }: WhyFound): WhyView {
  const { offers = null, offersMissing, unknown = [], explanations = [], atMs } = answer ?? {};
  return {
    cluster: state.name,
    status: state.status,
    session: sessionView(state),
    waiting: waiting.map(({ placement: _placement, leaves: _leaves, ...node }) => node),
    explanations,
    offers: offers ? offers.toReversed() : null,
    unknown: [...(offersMissing === undefined ? [] : [`offers: ${offersMissing}`]), ...unknown],
    ...(atMs === undefined ? {} : { atMs }),
  };
}

export function preflightView(
  spec: ClusterSpec,
  { answer, existing, roleHolder }: PreflightFound,
): PreflightView {
  const { name, role } = spec;
  const problems = [
    ...(existing
      ? [`cluster ${name} exists already (${existing.status}); choose another name, or uninstall it first`]
      : []),
    ...(roleHolder === null ? [] : [roleTaken(spec, roleHolder).message]),
    ...answer.quota,
    ...(answer.agents === 0 ? ['no agent is registered with Mesos'] : []),
  ];
  const own = existing?.frameworkId;
  const strangers = roleHolder === null ? answer.frameworksInRole.filter(({ id }) => id !== own) : [];
  return {
    cluster: name,
    role,
    fits: problems.length === 0 && answer.nodes.every(({ fits }) => fits),
    problems,
    warnings: [
      ...strangers.map(
        (framework) =>
          `framework ${framework.name} (${framework.id}) has the role ${role} too: each is offered what is reserved for the other`,
      ),
      ...(answer.tight
        ? [
            'it fits in this order of nodes, but not in every order in which offers may come: a node may have to wait for more room',
          ]
        : []),
    ],
    nodes: answer.nodes.map((node) => plannedNode(spec, node, answer.region)),
    unknown: answer.unknown,
    atMs: answer.atMs,
  };
}

function plannedNode(
  spec: ClusterSpec,
  simulated: Simulated,
  region: string | undefined,
): PreflightView['nodes'][number] {
  if (simulated.fits || 'sameAs' in simulated) return simulated;
  const kind: NodeKind = simulated.node.startsWith('broker') ? 'broker' : 'controller';
  const demand = demandOf(spec, { name: simulated.node, kind }, region);
  // Whoever asks has nothing to abort.
  const advice = adviceFor(demand, { quota: false, agents: simulated.agents }).slice(0, -1);
  return { ...simulated, wants: wantsOf(demand), advice };
}
