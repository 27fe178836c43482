// The stream of events on a SUBSCRIBE response, and how it is silenced or cut.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeRecord } from '../../../mesos/record-io.ts';
import type { SchedulerEvent } from '../../../mesos/types.ts';
import type { Stream } from '../master/master.ts';
import { bareHeaders } from './response.ts';

/** A stream on a response; its headers go out with the first event. */
export function openEventStream(request: IncomingMessage, response: ServerResponse): Stream {
  const id = randomUUID();
  request.socket.setNoDelay(true);
  bareHeaders(response);
  response.writeHead(200, { 'Mesos-Stream-Id': id, 'Content-Type': 'application/json' });
  /** What was to be said during a silence; undefined when there is none. */
  let held: (() => void)[] | undefined;
  /** Bytes until the connection breaks; undefined when it does not. */
  let bytesLeft: number | undefined;

  const say = (action: () => void): void => {
    if (held) held.push(action);
    else action();
  };
  const write = (record: Uint8Array): void => {
    if (response.writableEnded || response.destroyed) return;
    if (bytesLeft === undefined) {
      response.write(record);
      return;
    }
    const part = record.subarray(0, bytesLeft);
    bytesLeft -= part.length;
    response.write(part, () => {
      if (bytesLeft === 0) request.socket.destroy();
    });
  };
  return {
    id,
    send(event: SchedulerEvent) {
      say(() => {
        write(encodeRecord(JSON.stringify(event)));
      });
    },
    end() {
      say(() => {
        response.end();
      });
    },
    silence() {
      held ??= [];
    },
    resume() {
      const now = held ?? [];
      held = undefined;
      for (const action of now) action();
    },
    cut(afterBytes: number) {
      bytesLeft = afterBytes;
      if (afterBytes === 0) request.socket.destroy();
    },
  };
}
