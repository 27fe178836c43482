// Tells a stream that is alive from one that is dead: a connection may break without a word (a cable, a firewall), and a master
// may hang with its connections open.
import type { Subscription } from '../mesos/index.ts';
import { MillraceError } from '../model/errors.ts';

export interface StreamWatch {
  subscription: Pick<Subscription, 'master' | 'heartbeatIntervalMs' | 'lastEventAtMs'>;
  signal: AbortSignal;
  /** The clock of `lastEventAtMs`. */
  nowMs(): number;
  pause(ms: number): Promise<void>;
  /** Called every `BEAT_MS` or sooner while the stream is alive. */
  beat(): void;
}

/**
 * Beats this often: two fit into the heartbeat timeout of 10 s, so that one may be lost. Each is a write on the server, and a
 * worker holds a thousand sessions. More often finds a lost worker no sooner; a cancellation is heard of with the next beat.
 */
export const BEAT_MS = 4_000;
/**
 * An attempt that is not through by then is stuck; it ends by its heartbeat timeout, and another begins. A worker of half a core takes
 * minutes to take a thousand sessions over, and an attempt that is begun anew has to wait its turn anew.
 */
export const OPENING_LIMIT_MS = 5 * 60_000;
/** The stream is dead when nothing arrived for this many of Mesos' heartbeats. */
export const HEARTBEATS_MISSED = 2.5;

/**
 * Beats while the stream is alive.
 * @throws MillraceError MESOS_UNREACHABLE when it was silent for 2½ heartbeats; the signal's reason when it aborts
 */
export async function watchStream(watch: StreamWatch): Promise<never> {
  const { subscription, signal } = watch;
  const limitMs = subscription.heartbeatIntervalMs * HEARTBEATS_MISSED;
  for (;;) {
    signal.throwIfAborted();
    const silentMs = watch.nowMs() - subscription.lastEventAtMs();
    if (silentMs >= limitMs)
      throw new MillraceError(
        'MESOS_UNREACHABLE',
        `${subscription.master} sent nothing for ${Math.round(silentMs / 1000)} s; the stream is taken for dead. Tasks run on; ` +
          'the session is taken up again.',
      );
    watch.beat();
    await watch.pause(Math.min(BEAT_MS, limitMs - silentMs));
  }
}

/**
 * Beats while an attempt claims its epoch and subscribes: when a thousand sessions are taken over at once, each waits its turn,
 * and must not be given up and begun anew meanwhile. For `OPENING_LIMIT_MS` at most.
 *
 * @returns ends it
 */
export function beatWhileOpening(beat: () => void): () => void {
  const stop = () => {
    clearInterval(every);
    clearTimeout(limit);
  };
  const every = setInterval(beat, BEAT_MS);
  const limit = setTimeout(stop, OPENING_LIMIT_MS);
  return stop;
}
