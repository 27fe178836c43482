// Lists in messages for people: the first few by name, then a count.

/** How many nodes or partitions a message names before it only counts. */
const NAMED_AT_MOST = 5;

/** The first few of a list, and how many more there are. */
export function nameSome(names: readonly string[], separator = ', '): string {
  const rest = names.length - NAMED_AT_MOST;
  const named = names.slice(0, NAMED_AT_MOST).join(separator);
  return rest > 0 ? `${named} and ${rest} more` : named;
}

/** `broker 0` or `brokers 0, 1`, by id; `no broker` for none. */
export function nameNodes(kind: 'broker' | 'controller', ids: readonly number[]): string {
  if (ids.length === 0) return `no ${kind}`;
  const sorted = [...ids].sort((a, b) => a - b);
  return `${kind}${ids.length === 1 ? '' : 's'} ${nameSome(sorted.map(String))}`;
}

/** `1 partition`, `2 partitions`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `3 → 4`, or `3` when nothing changes. */
export function showChange(before: number | string, after: number | string): string {
  return before === after ? String(before) : `${before} → ${after}`;
}
