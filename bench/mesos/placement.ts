// Deciding where waiting nodes go, against a bare loop that compares the same amounts of the same agents and nothing else.
import { agentOfferOf } from '../../src/activities/agent-offers.ts';
import { byAgent } from '../../src/activities/offers.ts';
import type { Offer } from '../../src/mesos/types.ts';
import { parseConstraints } from '../../src/model/placement/constraints.ts';
import {
  choose,
  type AgentOffer,
  type PlacedNode,
  type PlacementDemand,
} from '../../src/model/placement/match.ts';
import { median } from '../statistics.ts';
import type { Row } from '../table.ts';
import { offersOf } from './offers.ts';

const AGENTS = 1_000;
const NODES = 100;
const ROUNDS = 9;

/** What operators of large clusters write: one broker a host, racks evenly, one class of machines, spread over zones. */
const CONSTRAINTS = parseConstraints([
  ['hostname', 'UNIQUE'],
  ['rack', 'MAX_PER', '4'],
  ['rack', 'LIKE', 'rack-[0-9]+'],
  ['@zone', 'GROUP_BY', '3'],
]);

/** Nodes that find a place each, and nodes that find none because each agent has too little memory. */
export function benchPlacement(): Row[] {
  const offers = offersOf(AGENTS);
  const placed = timed(offers, 8_192);
  const waiting = timed(offers, 1_000_000);
  return [
    [`${NODES} nodes placed on ${AGENTS} agents`, milliseconds(placed.millraceMs)],
    ['bare loop', milliseconds(placed.bareMs)],
    ['ratio of medians', ratio(placed)],
    [`${NODES} nodes that fit on none of ${AGENTS} agents`, milliseconds(waiting.millraceMs)],
    ['bare loop', milliseconds(waiting.bareMs)],
    ['ratio of medians', ratio(waiting)],
  ];
}

interface Times {
  millraceMs: number[];
  bareMs: number[];
}

function timed(offers: readonly Offer[], memMb: number): Times {
  const times: Times = { millraceMs: [], bareMs: [] };
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    // Each offer is new to the process once, as it is when it has just arrived.
    const arrived = structuredClone([...offers]);
    const startedAtMs = performance.now();
    const found = placeAll(arrived, memMb);
    const bareAtMs = performance.now();
    const bare = placeBare(arrived, memMb);
    const endedAtMs = performance.now();
    if (found !== bare) throw new Error(`${found} nodes were placed, and ${bare} by the bare loop`);
    if (round === 0) continue;
    times.millraceMs.push(bareAtMs - startedAtMs);
    times.bareMs.push(endedAtMs - bareAtMs);
  }
  return times;
}

/** As the activity `placeNode` decides for each node in turn. Returns how many found a place. */
function placeAll(offers: readonly Offer[], memMb: number): number {
  const held = new Map(offers.map((offer) => [offer.agent_id.value, offer]));
  const others: PlacedNode[] = [];
  for (let index = 0; index < NODES; index += 1) {
    const name = `broker-${index}`;
    const demand: PlacementDemand = {
      name,
      kind: 'broker',
      cpus: 2,
      memMb,
      diskMb: 100_000,
      diskType: 'ROOT',
      port: 0,
      constraints: CONSTRAINTS,
    };
    const free: AgentOffer[] = byAgent([...held.values()]).flatMap(
      (group) => agentOfferOf(group, 'kafka') ?? [],
    );
    const choice = choose(free, demand, others);
    if ('why' in choice) continue;
    held.delete(choice.offer.agentId);
    others.push({ ...choice.offer, name, kind: 'broker' });
  }
  return others.length;
}

/** Looks at cpus, memory, disk and ports of each agent for each node, and takes the one with the most memory. */
function placeBare(offers: readonly Offer[], memMb: number): number {
  const agents = offers.map(({ resources }) => {
    const amount = (name: string) => resources.find((resource) => resource.name === name)?.scalar?.value ?? 0;
    const ports = resources.find(({ name }) => name === 'ports')?.ranges?.range ?? [];
    return { cpus: amount('cpus'), memMb: amount('mem'), diskMb: amount('disk'), ports };
  });
  const taken = new Set<(typeof agents)[number]>();
  for (let index = 0; index < NODES; index += 1) {
    let best: (typeof agents)[number] | undefined;
    for (const agent of agents)
      if (
        !taken.has(agent) &&
        agent.cpus >= 2 &&
        agent.memMb >= memMb &&
        agent.diskMb >= 100_000 &&
        agent.ports.some(({ begin, end }) => begin <= end) &&
        agent.memMb > (best?.memMb ?? 0)
      )
        best = agent;
    if (best) taken.add(best);
  }
  return taken.size;
}

function milliseconds(values: readonly number[]): string {
  const show = (value: number) => value.toFixed(value < 10 ? 2 : 0);
  return `${show(median(values))} ms (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function ratio({ millraceMs, bareMs }: Times): string {
  return (median(millraceMs) / median(bareMs)).toFixed(0);
}
