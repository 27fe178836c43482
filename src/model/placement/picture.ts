// What is known of agents from the master's point of view, whether or not they are offered: the input of the questions
// "why is it not placed" and "would it fit". Plain data; the activities make it of the operator API's answers.
import type { AgentOffer } from './types.ts';

/** Scalars that can be said in one line. */
export interface Amounts {
  cpus: number;
  memMb: number;
  diskMb: number;
}

/** Resources that somebody else has at the moment. */
export interface Held {
  /** The role of a reservation, or the name of a framework that has them in an offer. */
  by: string;
  amounts: Amounts;
}

/** One registered agent. */
export interface AgentPicture {
  /** What nobody has reserved and no task uses, and no other framework has in an offer. */
  open: AgentOffer;
  /** The same with what other frameworks have in offers: they may decline it any moment. */
  free: AgentOffer;
  /** Why Mesos offers nothing of it, whatever is free. */
  closed: string[];
  /** What is worth knowing and keeps no node away. */
  notes: string[];
  /** Offers of other frameworks. */
  offeredTo: Held[];
  /** Reservations of anybody, the cluster itself excepted. */
  reservedFor: Held[];
}

/** Resources that a quota limits, as Mesos names them. */
export const QUOTA_RESOURCES = ['cpus', 'mem', 'disk'] as const;
export type QuotaAmounts = Partial<Record<(typeof QUOTA_RESOURCES)[number], number>>;

/** A quota that concerns a cluster: that of its role, or of a role above it. */
export interface QuotaPicture {
  role: string;
  /** What is not named is not limited. */
  limits: QuotaAmounts;
  /** What the role and those below it have reserved or use. */
  consumed: QuotaAmounts;
}

/** All that placement can know of a Mesos. */
export interface MesosPicture {
  agents: AgentPicture[];
  quotas: QuotaPicture[];
  /** Of the masters, where they have one: agents of other regions take only nodes that ask for it. */
  region?: string;
  /** What could not be asked, and why: an answer without it may be too good. */
  unknown: string[];
}
