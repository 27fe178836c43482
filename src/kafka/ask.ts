// Asks one or several nodes, each over its own short connection, and tells in words who did not answer and why.
import { nameSome } from '../model/names.ts';
import { withConnection, type Connection } from './wire/connection.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

export { nameNodes, nameSome } from '../model/names.ts';

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
