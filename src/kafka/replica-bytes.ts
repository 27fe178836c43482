// How much has to be copied to a broker that begins with an empty disk: what the leaders of its replicas have on theirs.
import type { ReplicationSnapshot } from '../model/safety/snapshot.ts';
import { askEach } from './ask.ts';
import { NONE } from './wire/error-codes.ts';
import { describeLogDirs } from './wire/messages/describe-log-dirs.ts';
import type { AskOptions, KafkaAddress } from './types.ts';

/**
 * The size of all partitions with a replica on the broker and on others; null when not every leader could tell.
 *
 * @throws the reason of the signal when it is aborted
 */
export async function bytesToReplicate(
  snapshot: ReplicationSnapshot,
  about: { brokerId: number; brokers: readonly KafkaAddress[] },
  options: AskOptions = {},
): Promise<number | null> {
  const leaders = new Map<string, number>();
  for (const { name, partitions } of snapshot.topics)
    for (const { partition, leader, replicas } of partitions)
      if (replicas.length > 1 && replicas.includes(about.brokerId))
        leaders.set(`${name}-${partition}`, leader);
  const wanted = new Set(leaders.values());
  const asked = about.brokers.filter(({ nodeId }) => wanted.has(nodeId));
  const answers = await askEach(asked, options, (connection) =>
    connection.request(describeLogDirs, undefined),
  );
  const sizes = new Map<number, Map<string, number>>();
  for (const answer of answers)
    if ('said' in answer && answer.said.errorCode === NONE)
      sizes.set(answer.address.nodeId, answer.said.bytes);
  let total = 0;
  for (const [partition, leader] of leaders) {
    const bytes = sizes.get(leader)?.get(partition);
    if (bytes === undefined) return null;
    total += bytes;
  }
  return total;
}
