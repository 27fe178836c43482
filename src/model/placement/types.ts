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
  /** Both ends included. */
  ports: { begin: number; end: number }[];
  mountDisksMb?: { id: string; sizeMb: number }[];
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
  /** The part of `diskMb` that is on the root disk whatever `diskType` says. @default 0 */
  sandboxMb?: number;
  /** 0 = any. */
  port: number;
  constraints: Constraint[];
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
