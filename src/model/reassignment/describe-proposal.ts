// A proposal in words: the same ones in the terminal, in the Temporal UI and where a step waits for approval.
import { showBytes } from '../bytes.ts';
import { showChange } from '../names.ts';
import type { ProposalView } from './proposal.ts';

/** `8 replicas and 2 preferred leaders of 9 partitions`. */
export function sayMoves({ replicasMoved, leadersChanged, partitions }: ProposalView): string {
  return `${replicasMoved} replicas and ${leadersChanged} preferred leaders of ${partitions} partitions`;
}

/** As {@link sayMoves}, with the bytes, and the least time where there is a throttle. */
export function sayMovesAndSize(view: ProposalView): string {
  const least =
    view.leastSeconds === undefined ? '' : `, ${view.leastSeconds} s at the least under the throttle`;
  return `${sayMoves(view)}, ${showBytes(view.bytesMoved)}${least}`;
}

/** The headings of {@link brokerCells}. */
export const BROKER_COLUMNS = ['broker', 'replicas', 'leaders', 'bytes', 'in', 'out'] as const;

/** What one broker has before and after, and what it receives and sends. */
export function brokerCells({
  id,
  before,
  after,
  bytesIn,
  bytesOut,
}: ProposalView['brokers'][number]): string[] {
  return [
    String(id),
    showChange(before.replicas, after.replicas),
    showChange(before.leaders, after.leaders),
    showChange(showBytes(before.bytes), showBytes(after.bytes)),
    showBytes(bytesIn),
    showBytes(bytesOut),
  ];
}
