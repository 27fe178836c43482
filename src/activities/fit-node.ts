// Fits what is reserved for a stopped node to its spec: its volumes grow, and what it needs no more is given back.
import { getAgents, roundScalar, scalar, type MesosEndpoint } from '../mesos/index.ts';
import type { Offer, OfferOperation, Resource } from '../mesos/types.ts';
import type { Placement } from '../model/cluster.ts';
import type { PlaceNodeInput } from './contract.ts';
import { labelOf, LABEL, reservedFor, reservedIn } from './offers.ts';
import { createTries, outcomeOf, sentOf } from './operation-outcome.ts';
import { growthsOf, placementOf, wantedFor, type Wanted } from './place-operations.ts';
import { byStack, createPool } from './resource-pool.ts';
import { heldSession, type Sessions } from './sessions.ts';
import type { Waiting } from './waiting.ts';

interface Deps {
  mesos: MesosEndpoint;
  sessions: Sessions;
}

/** Below this two amounts are the same: Mesos keeps three decimals. */
const EPSILON = 0.0005;

/**
 * GROW_VOLUME of each volume that is too small, with the disk that was reserved for it, and UNRESERVE of cpus and memory beyond what
 * the spec wants. Looks at what there is each time, so it may be repeated at any point.
 *
 * @returns the placement with the sizes that there are now
 * @throws MillraceError MESOS_REFUSED after some refusals
 */
export async function fitNode(deps: Deps, input: PlaceNodeInput, waiting: Waiting): Promise<Placement> {
  const held = heldSession(deps.sessions, input.cluster, input.session);
  const wanted = wantedFor(input, held.region);
  const { name } = input.node;
  const tries = createTries(`resize the volumes and the reservation of ${name}`, waiting);
  for (let round = 1; ; round += 1) {
    const found = reservedFor(await getAgents(deps.mesos), input).filter(
      ({ resource }) =>
        labelOf(resource, LABEL.NODE) === name &&
        labelOf(resource, LABEL.PLACEMENT) === String(input.placementNumber),
    );
    const agent = found[0]?.agent;
    const reserved = found.filter((entry) => entry.agent.id === agent?.id).map(({ resource }) => resource);
    const operationId = (verb: string, number: number) =>
      `${verb}-${name}-${held.info.epoch}-${round}-${number}`;
    if (agent && fitOperations(wanted, reserved, operationId).length === 0) {
      const port = reserved.find((resource) => resource.name === 'ports')?.ranges?.range[0]?.begin;
      return placementOf(wanted, agent, port ?? wanted.demand.port);
    }
    const where = agent?.hostname ?? 'its agent';
    const sent = await held.scheduler.withOffers({
      name: `resize ${name}`,
      signal: waiting.signal,
      onWait: waiting.set,
      decide: (offers: readonly Offer[]) => {
        const use = offers.filter((offer) => reservedIn([offer], wanted.reservation).length > 0);
        const offered = reservedIn(use, wanted.reservation);
        const operations = fitOperations(wanted, offered, operationId);
        // What a stopped node held comes back in pieces: all of its volumes have to be there.
        const volumes = createPool(offered).pieces.filter(({ disk }) => disk?.persistence);
        if (volumes.length < wanted.volumes.length || operations.length === 0)
          return { wait: `an offer of all that is reserved for ${name} on ${where}` };
        return { use, operations, result: sentOf(use, operations) };
      },
    });
    waiting.set(`Mesos to resize what ${name} has on ${where}`);
    await tries(await outcomeOf(held.scheduler, sent, waiting.signal));
  }
}

function fitOperations(
  wanted: Wanted,
  reserved: readonly Resource[],
  operationId: (verb: string, number: number) => string,
): OfferOperation[] {
  const pool = createPool(reserved);
  const grown = growthsOf(wanted, reserved).flatMap(({ volumeId, byMb }, index): OfferOperation[] => {
    const volume = pool.pieces.find(({ disk }) => disk?.persistence?.id === volumeId);
    const plain = pool.pieces.find(
      (piece) => piece.name === 'disk' && piece.disk === undefined && (piece.scalar?.value ?? 0) >= byMb,
    );
    if (!volume || !plain) return [];
    plain.scalar = { value: roundScalar((plain.scalar?.value ?? 0) - byMb) };
    const addition = { ...plain, ...scalar('disk', byMb) };
    return [
      { type: 'GROW_VOLUME', id: { value: operationId('grow', index) }, grow_volume: { volume, addition } },
    ];
  });
  // One thing after the other: a volume that is being grown is in no other operation.
  if (grown.length > 0) return grown;
  const { total } = wanted.resources;
  const surplus = [
    ['cpus', total.cpus],
    ['mem', total.memMb],
  ].flatMap(([name, amount]) => {
    const has = pool.pieces
      .filter((piece) => piece.name === name && piece.disk === undefined)
      .reduce((sum, piece) => sum + (piece.scalar?.value ?? 0), 0);
    const more = roundScalar(has - Number(amount));
    return more > EPSILON ? (pool.take(String(name), more) ?? []) : [];
  });
  return byStack(surplus).map((resources, index): OfferOperation => ({
    type: 'UNRESERVE',
    id: { value: operationId('unreserve', index) },
    unreserve: { resources },
  }));
}
