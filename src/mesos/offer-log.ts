// What became of the newest offers, for whoever asks why a node is not placed. In memory only: it ends with the session.
import { roundScalar, sumScalar, portsIn, isUnreserved } from './resources.ts';
import { sizeOfRanges } from './ranges.ts';
import type { Offer } from './types.ts';

export const OFFER_OUTCOME = {
  /** Accepted for a demand. */
  USED: 'used',
  /** Given back since nobody wanted it (any more). */
  DECLINED: 'declined',
  /** Taken back by the master. */
  RESCINDED: 'rescinded',
  /** Given back since no demand could use it for a while. */
  EXPIRED: 'expired',
  /** Not decided yet. */
  HELD: 'held',
} as const;

/** One offer and what became of it. */
export interface OfferOutcome {
  /** Milliseconds since 1970: when it was decided, or, while it is held, when it came. */
  atMs: number;
  offerId: string;
  agentId: string;
  hostname: string;
  /** In short: `cpus 2, mem 1024, disk 4096, 100 ports; reserved: cpus 1`. */
  offered: string;
  outcome: (typeof OFFER_OUTCOME)[keyof typeof OFFER_OUTCOME];
  reason: string;
}

/** Outcomes that are kept. */
export const OUTCOMES_KEPT = 100;

export interface OfferLog {
  note(offers: readonly Offer[], outcome: OfferOutcome['outcome'], reason: (offer: Offer) => string): void;
  /** The newest last. */
  outcomes(): OfferOutcome[];
}

/** A ring of the last outcomes. */
export function createOfferLog(): OfferLog {
  const kept: OfferOutcome[] = [];
  return {
    note(offers, outcome, reason) {
      for (const offer of offers.slice(-OUTCOMES_KEPT))
        kept.push(describeOffer(offer, { atMs: Date.now(), outcome, reason: reason(offer) }));
      kept.splice(0, Math.max(0, kept.length - OUTCOMES_KEPT));
    },
    outcomes: () => [...kept],
  };
}

/** An offer as an entry of the log. */
export function describeOffer(
  offer: Offer,
  about: Pick<OfferOutcome, 'atMs' | 'outcome' | 'reason'>,
): OfferOutcome {
  const { resources } = offer;
  const free = amounts(resources.filter(isUnreserved));
  const reserved = amounts(resources.filter((resource) => !isUnreserved(resource)));
  return {
    ...about,
    offerId: offer.id.value,
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    offered: [...(free === '' ? [] : [free]), ...(reserved === '' ? [] : [`reserved: ${reserved}`])].join(
      '; ',
    ),
  };
}

function amounts(resources: Offer['resources']): string {
  const scalars = ['cpus', 'mem', 'disk'].flatMap((name) => {
    const value = roundScalar(sumScalar(resources, name));
    return value > 0 ? [`${name} ${value}`] : [];
  });
  const ports = sizeOfRanges(portsIn(resources));
  return [...scalars, ...(ports > 0 ? [`${ports} port${ports === 1 ? '' : 's'}`] : [])].join(', ');
}
