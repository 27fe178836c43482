// From the bytes of a subscription to its events. Bytes are read as they come, however slow the consumer is, so that
// "when did the master last say something" stays true.
import { MillraceError } from '../model/errors.ts';
import { parseEvent } from './events.ts';
import { reasonOf, withoutBytes } from './http.ts';
import { createRecordDecoder } from './record-io.ts';
import type { SchedulerEvent } from './types.ts';

/** Events in order, for one consumer. */
export interface EventQueue extends AsyncIterableIterator<SchedulerEvent, undefined> {
  push(event: SchedulerEvent): void;
  /** No more events: what is queued is still given, then the end, or the error. */
  end(error?: unknown): void;
  next(): Promise<IteratorResult<SchedulerEvent, undefined>>;
}

export interface PumpOptions {
  /** Base URL of the master, for errors. */
  master: string;
  onRecord(): void;
  onPassedOver?(event: { type: string; reason: string }): void;
}

/** A consumer that is so far behind will not catch up; the stream is given up, and a new one starts afresh. */
const MAX_QUEUED_EVENTS = 10_000;

export function createEventQueue(): EventQueue {
  const events: SchedulerEvent[] = [];
  let ended = false;
  let failure: unknown = null;
  let waiting: ((end: 'changed') => void) | null = null;

  function changed(): void {
    waiting?.('changed');
    waiting = null;
  }

  const queue: EventQueue = {
    push(event) {
      if (ended) return;
      if (events.length >= MAX_QUEUED_EVENTS) {
        queue.end(new Error(`more than ${MAX_QUEUED_EVENTS} events wait to be handled`));
        return;
      }
      events.push(event);
      changed();
    },
    end(error) {
      if (ended) return;
      ended = true;
      failure = error ?? null;
      changed();
    },
    async next() {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) return { done: false, value: event };
        if (ended && failure !== null) throw failure as Error;
        if (ended) return { done: true, value: undefined };
        await new Promise<'changed'>((resolve) => {
          waiting = resolve;
        });
      }
    },
    [Symbol.asyncIterator]: () => queue,
  };
  return queue;
}

/** Reads the body into the queue until it ends; a break ends the queue with MESOS_UNREACHABLE. Never rejects. */
export async function pumpEvents(
  body: AsyncIterable<Uint8Array>,
  queue: EventQueue,
  options: PumpOptions,
): Promise<void> {
  const decoder = createRecordDecoder();
  try {
    for await (const chunk of body) {
      for (const record of decoder.push(chunk)) {
        options.onRecord();
        const parsed = parseEvent(record);
        if ('event' in parsed) queue.push(parsed.event);
        else options.onPassedOver?.(parsed.passedOver);
      }
    }
    decoder.end();
    queue.end();
  } catch (error) {
    queue.end(
      new MillraceError(
        'MESOS_UNREACHABLE',
        `The event stream of ${options.master} broke: ${reasonOf(error)}. Tasks run on; the session is taken up again.`,
        { cause: withoutBytes(error) },
      ),
    );
  }
}
