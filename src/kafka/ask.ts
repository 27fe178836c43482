// Asks one or several nodes, each over its own short connection, and tells in words who did not answer and why.
import { withConnection, type Connection } from './wire/connection.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/** How many nodes or partitions a message names before it only counts. */
const NAMED_AT_MOST = 5;

/** What one node said, or why it said nothing. */
export type Answer<T> = { address: KafkaAddress; said: T } | { address: KafkaAddress; why: string };

/**
 * Asks one node. A node that does not answer is an answer too.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function askOne<T>(
  address: KafkaAddress,
  options: AskOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<Answer<T>> {
  try {
    return { address, said: await withConnection(address, options, use) };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { address, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Asks all nodes at once; as {@link askOne} for each. */
export function askEach<T>(
  addresses: readonly KafkaAddress[],
  options: AskOptions,
  use: (connection: Connection, address: KafkaAddress) => Promise<T>,
): Promise<Answer<T>[]> {
  return Promise.all(addresses.map((address) => askOne(address, options, (link) => use(link, address))));
}

/** Asks one node after the other until one answers; the last element is its answer, if any gave one. */
export async function askUntilAnswered<T>(
  addresses: readonly KafkaAddress[],
  options: AskOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<Answer<T>[]> {
  const answers: Answer<T>[] = [];
  for (const address of addresses) {
    const answer = await askOne(address, options, use);
    answers.push(answer);
    if ('said' in answer) break;
  }
  return answers;
}

/** `broker 2 at 10.0.0.7:31002: connection refused; …` for those that did not answer. */
export function sayUnanswered(kind: 'broker' | 'controller', answers: readonly Answer<unknown>[]): string {
  const silent = answers.flatMap((answer) => ('why' in answer ? [answer] : []));
  return nameSome(
    silent.map(({ address, why }) => `${kind} ${address.nodeId} at ${address.host}:${address.port}: ${why}`),
    '; ',
  );
}

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
