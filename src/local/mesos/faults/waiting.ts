// Faults that wait for their moment: each is taken, as often as it was asked for, at the place where the real one occurs.
import type { TaskStatus } from '../../../mesos/types.ts';
import type { Master } from '../master/master.ts';

/** A fault that waits; `times` is how often it will still happen. */
export type WaitingFault = { times: number } & (
  | { fault: 'dropCall'; type: string }
  | {
      fault: 'dropOperation';
      type: string;
      silent: boolean;
      state: 'OPERATION_DROPPED' | 'OPERATION_ERROR';
    }
  | ({ fault: 'dropUpdate' } & UpdateFilter)
  | ({ fault: 'repeatUpdate'; ms: number } & UpdateFilter)
  | ({ fault: 'delayUpdate'; ms: number } & UpdateFilter)
  | { fault: 'dropAcknowledgement'; taskId?: string | undefined }
);

/** Which updates a fault is about; all when nothing is named. */
interface UpdateFilter {
  taskId?: string | undefined;
  state?: string | undefined;
}

type Kind = WaitingFault['fault'];
type FaultOf<K extends Kind> = Extract<WaitingFault, { fault: K }>;

/** The first waiting fault of a kind that matches; it happens now, so that one of its times is used up. */
export function takeFault<K extends Kind>(
  master: Master,
  kind: K,
  matches: (fault: FaultOf<K>) => boolean,
): FaultOf<K> | undefined {
  const isMeant = (fault: WaitingFault): fault is FaultOf<K> => fault.fault === kind;
  const found = master.faults.filter(isMeant).find(matches);
  if (!found) return undefined;
  found.times--;
  if (found.times <= 0) master.faults = master.faults.filter((fault) => fault !== found);
  return found;
}

/** After how many milliseconds each copy of an update arrives: one at once, unless a fault says otherwise. */
export function deliveriesOf(master: Master, status: TaskStatus): number[] {
  const isMeant = ({ taskId, state }: UpdateFilter): boolean =>
    (taskId ?? status.task_id.value) === status.task_id.value && (state ?? status.state) === status.state;
  if (takeFault(master, 'dropUpdate', isMeant)) return [];
  const delayed = takeFault(master, 'delayUpdate', isMeant);
  if (delayed) return [delayed.ms];
  const repeated = takeFault(master, 'repeatUpdate', isMeant);
  return repeated ? [0, repeated.ms] : [0];
}
