// How far a broker is that catches up with its partitions, in words.

/** What was seen of a broker's replicas at a moment. */
export interface CatchUp {
  replicas: number;
  inSync: number;
  atMs: number;
}

/** `, 60 of 80 replicas in sync, about 40 s left`; the time once there is a rate, and nothing while nobody can tell. */
export function sayCatchUp(first: CatchUp | null, now: CatchUp | null): string {
  if (first === null || now === null || now.inSync === now.replicas) return '';
  const perMs = (now.inSync - first.inSync) / (now.atMs - first.atMs);
  const left = perMs > 0 ? `, about ${Math.ceil((now.replicas - now.inSync) / perMs / 1000)} s left` : '';
  return `, ${now.inSync} of ${now.replicas} replicas in sync${left}`;
}
