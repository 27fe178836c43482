// Pages of the answers about placement: why nodes wait, and whether a cluster would fit.
import type { AgentVerdictView, PreflightView, WhyView } from '../../api/schemas/placement.ts';
import { columns, duration, fields, time } from '../output.ts';

/** Offers that the table shows; `-o json` has all. */
const OFFERS_SHOWN = 20;

/** `millrace cluster why`. */
export function whyPage(why: WhyView, nowMs: number): string {
  const { cluster, status, session, waiting, explanations, offers, unknown } = why;
  const mesos =
    session.problem ?? (session.open ? `${session.master} (session ${session.epoch})` : 'no session yet');
  if (waiting.length === 0)
    return [
      `No node of ${cluster} waits to be placed or launched (${status}).`,
      ...(session.open ? [] : [`It has no Mesos session: ${mesos}`]),
    ].join('\n');
  return [
    fields([
      ['Cluster', `${cluster} (${status})`],
      ['Operation', [...new Set(waiting.map(({ operationId }) => operationId))].join(', ')],
      ['Mesos', mesos],
    ]),
    '',
    columns(
      ['WAITS', 'FOR', 'STATUS', 'SINCE', 'ITS STEP SAYS'],
      waiting.map(({ node, stage, status: step, sinceMs, reason }) => [
        node,
        stage === 'PLACE' ? 'a place' : 'an offer of its place',
        step,
        duration(nowMs - sinceMs),
        reason,
      ]),
    ),
    ...explanations.flatMap(explanationLines),
    '',
    ...offerLines(offers),
    ...unknownLines(unknown),
  ].join('\n');
}

/** `millrace cluster install --dry-run`. */
export function preflightPage(preflight: PreflightView): string {
  const { cluster, role, fits, problems, warnings, nodes, unknown } = preflight;
  return [
    fits
      ? `${cluster} (role ${role}) fits now. Nothing was installed or reserved.`
      : `${cluster} (role ${role}) does not fit now. Nothing was installed or reserved.`,
    ...problems.map((problem) => `  problem: ${problem}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
    '',
    columns(
      ['NODE', 'HOST', 'PORT', 'AGENT', 'WHY NOT'],
      nodes.map((node) => [
        node.node,
        node.hostname,
        node.port,
        node.agentId,
        node.fits ? null : node.sameAs === undefined ? 'fits nowhere; see below' : `as ${node.sameAs}`,
      ]),
    ),
    ...nodes.flatMap(({ node, wants, agents, agentsLeftOut, advice }) =>
      agents === undefined
        ? []
        : explanationLines({
            nodes: [node],
            wants: wants ?? [],
            everywhere: [],
            agents,
            agentsLeftOut: agentsLeftOut ?? 0,
            advice: advice ?? [],
          }),
    ),
    ...unknownLines(unknown),
  ].join('\n');
}

function explanationLines(about: Omit<WhyView['explanations'][number], 'stage'>): string[] {
  const { nodes, wants, everywhere, agents, agentsLeftOut, advice } = about;
  return [
    '',
    `${nodes.join(', ')} ${nodes.length === 1 ? 'wants' : 'want each'} ${wants.join(', ')}`,
    ...everywhere.map((reason) => `  on no agent: ${reason}`),
    ...(agents.length === 0 ? [] : [agentTable(agents)]),
    ...(agentsLeftOut > 0 ? [`… and ${agentsLeftOut} more agents, which are further away`] : []),
    'What can be done:',
    ...advice.map((line) => `  - ${line}`),
  ];
}

function agentTable(agents: readonly AgentVerdictView[]): string {
  return columns(
    ['HOST', 'AGENT', 'LAST OFFERED', 'WHY NOT'],
    agents.map(({ hostname, agentId, offeredAtMs, fits, reasons, notes }) => [
      hostname,
      agentId,
      offeredAtMs === undefined ? null : time(offeredAtMs),
      [...(fits ? ['it fits'] : reasons), ...notes.map((note) => `(${note})`)].join('; '),
    ]),
  );
}

function offerLines(offers: WhyView['offers']): string[] {
  if (offers === null) return [];
  if (offers.length === 0) return ['Nothing was offered in this session yet.'];
  const shown = offers.slice(0, OFFERS_SHOWN);
  return [
    columns(
      ['OFFERED', 'HOST', 'WHAT', 'OUTCOME', 'REASON'],
      shown.map(({ atMs, hostname, offered, outcome, reason }) => [
        time(atMs),
        hostname,
        offered,
        outcome,
        reason,
      ]),
    ),
    ...(offers.length > shown.length
      ? [`… and ${offers.length - shown.length} older offers; -o json shows them`]
      : []),
  ];
}

function unknownLines(unknown: readonly string[]): string[] {
  return unknown.length === 0 ? [] : ['', 'Not known:', ...unknown.map((line) => `  - ${line}`)];
}
