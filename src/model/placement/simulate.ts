// Places nodes one after the other as an install does, on what agents have free at one moment. Nothing is touched.
import { choose } from './match.ts';
import type { AgentPicture } from './picture.ts';
import type { AgentOffer, PlacedNode, PlacementDemand } from './types.ts';
import { verdictsOf, type AgentVerdict } from './verdict.ts';
import { assignMounts, assignRoot, volumesOf } from './volumes.ts';

/** Where a node would go, or why it would not go anywhere. */
export type Simulated =
  | { node: string; fits: true; agentId: string; hostname: string; port: number }
  | { node: string; fits: false; agents: AgentVerdict[]; agentsLeftOut: number }
  /** For exactly the reasons of a node before it. */
  | { node: string; fits: false; sameAs: string };

/**
 * Places the demands in their order, each on the best agent that is left, and takes what it takes. A node that does not
 * fit is passed over, so that everything that does not fit is told at once. Like the install itself it does not look ahead:
 * that something does not fit in this order does not prove that no other order would do.
 *
 * @param placed nodes of the cluster that have their place already
 */
export function simulate(
  agents: readonly AgentPicture[],
  demands: readonly PlacementDemand[],
  placed: readonly PlacedNode[] = [],
): Simulated[] {
  let left = [...agents];
  const nodes = [...placed];
  const refused = new Map<string, { node: string; placed: number }>();
  return demands.map((demand): Simulated => {
    const usable = left.filter(({ closed }) => closed.length === 0).map(({ open }) => open);
    const choice = choose(usable, demand, nodes);
    if ('why' in choice) {
      const before = refused.get(demand.kind);
      if (before?.placed === nodes.length) return { node: demand.name, fits: false, sameAs: before.node };
      refused.set(demand.kind, { node: demand.name, placed: nodes.length });
      const { agents: verdicts, leftOut } = verdictsOf(left, demand, nodes);
      return { node: demand.name, fits: false, agents: verdicts, agentsLeftOut: leftOut };
    }
    const { offer, port } = choice;
    const { agentId, hostname, attributes, region, zone } = offer;
    left = left.map((agent) =>
      agent.open.agentId === agentId
        ? { ...agent, open: without(agent.open, demand, port), free: without(agent.free, demand, port) }
        : agent,
    );
    nodes.push({
      name: demand.name,
      kind: demand.kind,
      hostname,
      attributes,
      ...(region === undefined ? {} : { region }),
      ...(zone === undefined ? {} : { zone }),
    });
    return { node: demand.name, fits: true, agentId, hostname, port };
  });
}

/** What is left of an agent after a node took its part: the disks that the placement itself would take. */
function without(offer: AgentOffer, demand: PlacementDemand, port: number): AgentOffer {
  const volumes = volumesOf(demand);
  const rootMb = volumes.reduce((sum, { type, sizeMb }) => (type === 'ROOT' ? sum + sizeMb : sum), 0);
  const disks = offer.mountDisksMb ?? [];
  const taken = assignMounts(volumes, disks);
  const { rootPiecesMb: pieces } = offer;
  return {
    ...offer,
    cpus: minus(offer.cpus, demand.cpus),
    memMb: minus(offer.memMb, demand.memMb),
    diskMb: minus(offer.diskMb, rootMb + (demand.sandboxMb ?? 0)),
    ...(pieces === undefined ? {} : { rootPiecesMb: withoutVolumes(pieces, demand) }),
    ports:
      demand.portIsOwn === true
        ? offer.ports
        : offer.ports.flatMap(({ begin, end }) =>
            port < begin || port > end
              ? [{ begin, end }]
              : [
                  ...(begin < port ? [{ begin, end: port - 1 }] : []),
                  ...(port < end ? [{ begin: port + 1, end }] : []),
                ],
          ),
    mountDisksMb: disks.filter((_disk, index) => !taken.includes(index)),
  };
}

function withoutVolumes(piecesMb: readonly number[], demand: PlacementDemand): number[] {
  const volumes = volumesOf(demand);
  const left = [...piecesMb];
  assignRoot(volumes, piecesMb).forEach((piece, index) => {
    if (typeof piece === 'number') left[piece] = minus(left[piece] ?? 0, volumes[index]?.sizeMb ?? 0);
  });
  // The sandbox takes what is left of whatever pieces there are.
  let sandboxMb = demand.sandboxMb ?? 0;
  return left.map((sizeMb) => {
    const part = Math.min(sizeMb, sandboxMb);
    sandboxMb = minus(sandboxMb, part);
    return minus(sizeMb, part);
  });
}

/** To the three decimals that Mesos keeps. */
function minus(have: number, take: number): number {
  return (Math.round(have * 1000) - Math.round(take * 1000)) / 1000;
}
