// The kafkajs client as it is used here: silent, and without the timer that it keeps spinning on idle connections.
import { createRequire } from 'node:module';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaAddress } from './types.ts';

const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** As in kafkajs: between two looks at requests that wait for others in flight. */
const CHECK_PENDING_MS = 10;

interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/**
 * A kafkajs client for the given brokers, with kafkajs' own retries. It logs nothing: what fails is thrown.
 * Whoever connects an admin, producer or consumer of it also disconnects it.
 */
export function createKafka(brokers: readonly KafkaAddress[]): Kafka {
  stopIdleTimers();
  return new Kafka({
    clientId: 'millrace',
    brokers: brokers.map(({ host, port }) => `${host}:${port}`),
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    logLevel: logLevel.NOTHING,
  });
}

/**
 * kafkajs 2.2.4 (frozen) re-arms a timer with a negative delay after each answer, although nothing is pending: every
 * open connection wakes the process each millisecond, and Node prints a TimeoutNegativeWarning.
 */
function stopIdleTimers(): void {
  const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : CHECK_PENDING_MS,
    );
  };
}
