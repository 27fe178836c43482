// How far a move of replicas is, in words.
import { showBytes } from '../model/bytes.ts';
import type { NextMoves } from '../model/reassignment/batches.ts';

/** `12 of 80 partitions moved, 1.2 GB of 4.0 GB left at 35 MB/s, about 35 s; …`. Bytes are of the replicas' logs. */
export function progressText(
  next: NextMoves,
  { firstBytes, seconds }: { firstBytes: number; seconds: number },
): string {
  const moved = Math.max(0, firstBytes - next.bytesLeft);
  const rate = seconds > 0 ? moved / seconds : 0;
  const eta = rate > 0 ? `, about ${Math.ceil(next.bytesLeft / rate)} s` : '';
  const bytes =
    firstBytes > 0
      ? `, ${showBytes(next.bytesLeft)} of ${showBytes(firstBytes)} left at ${showBytes(rate)}/s${eta}`
      : '';
  const held = next.held.length > 0 ? `; held up: ${next.held.join('; ')}` : '';
  return `${next.done} of ${next.total} partitions moved${bytes}${held}`;
}
