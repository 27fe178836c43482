// Reading OFFERS events off the wire against the runtime's bare JSON.parse of the same bytes, interleaved in rounds.
import { parseEvent } from '../../src/mesos/events.ts';
import { createRecordDecoder, encodeRecord } from '../../src/mesos/record-io.ts';
import { median } from '../statistics.ts';
import type { Row } from '../table.ts';
import { offersOf } from './offers.ts';
import { createRandom } from './random.ts';

const AGENTS = 1_000;
/** Events of one round, so that a round takes long enough to be timed. */
const EVENTS = 10;
const ROUNDS = 15;
/** As sockets give them: anything up to 64 KiB. */
const MAX_CHUNK_BYTES = 65_536;

/** Rows: MB/s of the decoder, of decoder and checked event, of JSON.parse, and the ratios of the medians. */
export function benchRecordIo(): Row[] {
  const body = Buffer.from(JSON.stringify({ type: 'OFFERS', offers: { offers: offersOf(AGENTS) } }));
  const chunks = inChunks(Buffer.concat(Array.from({ length: EVENTS }, () => encodeRecord(body))));
  const works = {
    parse: () => {
      for (let i = 0; i < EVENTS; i += 1) JSON.parse(body.toString('utf8'));
    },
    decode: () => {
      const decoder = createRecordDecoder();
      let records = 0;
      for (const chunk of chunks) records += decoder.push(chunk).length;
      if (records !== EVENTS) throw new Error(`${records} records were decoded in place of ${EVENTS}`);
    },
    read: () => {
      const decoder = createRecordDecoder();
      for (const chunk of chunks)
        for (const record of decoder.push(chunk))
          if (!('event' in parseEvent(record))) throw new Error('an event was passed over');
    },
  };
  const times: Record<keyof typeof works, number[]> = { parse: [], decode: [], read: [] };
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const name of ['parse', 'decode', 'read'] as const) {
      const startedAtMs = performance.now();
      works[name]();
      if (round > 0) times[name].push(performance.now() - startedAtMs);
    }
  const megabytes = (body.length * EVENTS) / 1e6;
  const speed = (name: keyof typeof works) =>
    `${(megabytes / (median(times[name]) / 1000)).toFixed(0)} MB/s (${(megabytes / (Math.max(...times[name]) / 1000)).toFixed(0)}–${(megabytes / (Math.min(...times[name]) / 1000)).toFixed(0)})`;
  const ratio = (name: keyof typeof works) => (median(times[name]) / median(times.parse)).toFixed(2);
  return [
    ['OFFERS event', `${AGENTS} offers, ${(body.length / 1024).toFixed(0)} KiB`],
    ['JSON.parse alone', speed('parse')],
    ['RecordIO decoder', speed('decode')],
    ['decoder and checked event', speed('read')],
    ['time of decoder / JSON.parse', ratio('decode')],
    ['time of all / JSON.parse', ratio('read')],
  ];
}

function inChunks(stream: Buffer): Buffer[] {
  const random = createRandom(1);
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length;) {
    const end = Math.min(stream.length, at + 1 + Math.floor(random() * MAX_CHUNK_BYTES));
    chunks.push(stream.subarray(at, end));
    at = end;
  }
  return chunks;
}
