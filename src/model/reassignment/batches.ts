// Which moves are begun next: decided anew from what Kafka says each time, so that whoever goes on after a death needs no memory.
import { count, nameSome } from '../names.ts';
import { isServing, judgedPartitions, type ReplicationSnapshot } from '../safety/snapshot.ts';
import type { CompactMoves } from './proposal.ts';

/** Moves that one broker takes part in at once: at least, at first, and at most. */
export const CONCURRENCY = { LEAST: 1, FIRST: 5, MOST: 12 } as const;

/** One move that is under way, as Kafka lists it. */
export interface Ongoing {
  topic: string;
  partition: number;
  adding: number[];
}

/** A move that is begun now. */
export interface BeginMove {
  topic: string;
  partition: number;
  replicas: number[];
}

/** What is known at one moment. */
export interface MoveFacts {
  snapshot: ReplicationSnapshot;
  ongoing: readonly Ongoing[];
  /** Size of one replica of each partition (`orders-4`). */
  bytes: ReadonlyMap<string, number>;
  /** Bytes that may still come to a broker before its disk is too full; unknown = as much as there is. */
  roomBytes: ReadonlyMap<number, number>;
  /** Moves that each broker may take part in at once. */
  concurrency: number;
}

export interface NextMoves {
  begin: BeginMove[];
  /** Moves that are done, and all there are; of bytes only those that have to be copied. */
  done: number;
  total: number;
  bytesLeft: number;
  /** What cannot go on for the time being, and why. */
  held: string[];
  /** For the next time. */
  concurrency: number;
}

/** A partition with fewer replicas in sync than writes need: nothing more is begun. With just so many: less at once. */
export function nextMoves(moves: CompactMoves, facts: MoveFacts): NextMoves {
  const { snapshot, ongoing, bytes } = facts;
  const partitions = new Map(judgedPartitions(snapshot).map((partition) => [partition.name, partition]));
  const under = new Set(ongoing.map(({ topic, partition }) => `${topic}-${partition}`));
  const next: NextMoves = {
    begin: [],
    done: 0,
    total: 0,
    bytesLeft: 0,
    held: [],
    concurrency: facts.concurrency,
  };
  const busy = new Map<number, number>();
  const take = (id: number) => busy.set(id, (busy.get(id) ?? 0) + 1);
  const room = new Map(facts.roomBytes);
  for (const { topic, partition, adding } of ongoing) {
    for (const id of adding) take(id);
    const leader = partitions.get(`${topic}-${partition}`)?.state.leader;
    if (leader !== undefined && adding.length > 0) take(leader);
  }
  const health = healthOf(snapshot);
  next.concurrency =
    health.below.length > 0 || health.at > 0
      ? Math.max(CONCURRENCY.LEAST, Math.floor(facts.concurrency / 2))
      : Math.min(CONCURRENCY.MOST, facts.concurrency + 1);
  const waiting: { begin: BeginMove; name: string; fresh: number[]; leader: number; size: number }[] = [];
  for (const [topic, list] of Object.entries(moves))
    for (const [partition, , to] of list) {
      const name = `${topic}-${partition}`;
      const found = partitions.get(name);
      next.total += 1;
      const fresh = to.filter((id) => !found?.state.isr.includes(id));
      const size = bytes.get(name) ?? 0;
      const isThere = found?.state.replicas.join() === to.join() && !under.has(name);
      // A topic that was deleted meanwhile has nothing to move.
      if (found === undefined || isThere) next.done += 1;
      else {
        next.bytesLeft += size * fresh.length;
        if (!under.has(name))
          waiting.push({
            begin: { topic, partition, replicas: to },
            name,
            fresh,
            leader: found.state.leader,
            size,
          });
      }
    }
  const dead: string[] = [];
  const full: string[] = [];
  // The largest first: what is begun last ends last.
  waiting.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
  for (const { begin, name, fresh, leader, size } of waiting) {
    const gone = fresh.find((id) => !isServing(snapshot, id));
    if (gone !== undefined) dead.push(`${name} (to broker ${gone})`);
    else if (fresh.some((id) => (room.get(id) ?? Infinity) < size)) full.push(name);
    else {
      if (fresh.length > 0 && health.below.length > 0) continue;
      if (
        [...fresh, ...(fresh.length > 0 ? [leader] : [])].some(
          (id) => (busy.get(id) ?? 0) >= facts.concurrency,
        )
      )
        continue;
      for (const id of fresh) {
        take(id);
        room.set(id, (room.get(id) ?? Infinity) - size);
      }
      if (fresh.length > 0) take(leader);
      next.begin.push(begin);
    }
  }
  if (health.below.length > 0)
    next.held.push(
      `${count(health.below.length, 'partition')} with too few replicas in sync (${nameSome(health.below)}): no further copy is begun`,
    );
  if (dead.length > 0) next.held.push(`brokers that do not serve: ${nameSome(dead)}`);
  if (full.length > 0) next.held.push(`disks without room for ${nameSome(full)}`);
  return next;
}

/** Partitions below `min.insync.replicas`, which take no writes, and how many are just at it. */
function healthOf(snapshot: ReplicationSnapshot): { below: string[]; at: number } {
  const below: string[] = [];
  let at = 0;
  for (const { name, minInsync, state, live } of judgedPartitions(snapshot)) {
    const needed = Math.min(minInsync, state.replicas.length);
    if (live.length < needed) below.push(name);
    else if (live.length === needed && state.replicas.length > needed) at += 1;
  }
  return { below, at };
}
