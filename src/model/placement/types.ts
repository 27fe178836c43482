// The words in which placement thinks: what an agent offers, what a node wants, where nodes are.
import type { NodeKind } from '../cluster.ts';
import type { Constraint } from './constraints.ts';

/** What one agent offers unreserved, with what constraints compare. */
export interface AgentOffer {
  agentId: string;
  hostname: string;
  attributes: Record<string, string>;
  region?: string;
  zone?: string;
  cpus: number;
  memMb: number;
  /** Of the agent's root disk. */
  diskMb: number;
  /**
   * Its pieces when it is not in one, in the order in which they are to be used: what is reserved for different roles
   * cannot become one volume. @default [diskMb]
   */
  rootPiecesMb?: number[];
  /** Both ends included. */
  ports: { begin: number; end: number }[];
  /** Set when some of it is kept for this very role, which Mesos does not let be divided among nodes by labels. */
  keptForRole?: string;
  mountDisksMb?: { id: string; sizeMb: number; profile?: string }[];
}

/** What a node wants, its executor included. */
export interface PlacementDemand {
  name: string;
  kind: NodeKind;
  cpus: number;
  memMb: number;
  diskMb: number;
  /** MOUNT: the volume needs a disk of its own. */
  diskType: 'ROOT' | 'MOUNT';
  /** Every volume, when there are several or one wants a profile. @default one of `diskType` and `diskMb` without `sandboxMb` */
  volumes?: { type: 'ROOT' | 'MOUNT'; sizeMb: number; profile?: string | undefined }[];
  /** The part of `diskMb` that is on the root disk whatever `diskType` says. @default 0 */
  sandboxMb?: number;
  /** 0 = any. */
  port: number;
  /** On a network of its own a node takes no port of the agent. @default false */
  portIsOwn?: boolean;
  constraints: Constraint[];
  /** The field that gives a broker its rack: an agent without it does not fit. */
  rack?: string;
  /** The only region whose agents fit. */
  region?: string;
  /** Region of the masters: agents of others do not fit, unless `region` or a row about `@region` says otherwise. */
  localRegion?: string;
}

/** A node of the same cluster that has its place. */
export interface PlacedNode {
  name: string;
  kind: NodeKind;
  hostname: string;
  attributes: Record<string, string>;
  region?: string;
  zone?: string;
}
