import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecordDecoder, encodeRecord } from '../../src/mesos/record-io.ts';

const text = (record: Uint8Array) => Buffer.from(record).toString('utf8');

describe('the RecordIO decoder', () => {
  it('gives back any records, split at any bytes', () => {
    const records = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    const cuts = fc.array(fc.nat({ max: 3000 }), { maxLength: 40 });
    fc.assert(
      fc.property(records, cuts, (given, at) => {
        const stream = Buffer.concat(given.map((record) => encodeRecord(record)));
        const decoder = createRecordDecoder();
        const bounds = [
          0,
          ...at.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b),
          stream.length,
        ];
        const got = bounds.slice(1).flatMap((end, i) => decoder.push(stream.subarray(bounds[i], end)));
        decoder.end();
        expect(got.map((record) => [...record])).toEqual(given.map((record) => [...record]));
      }),
    );
  });

  it('gives back records that arrive one byte at a time', () => {
    const stream = Buffer.concat([encodeRecord('{"type":"HEARTBEAT"}'), encodeRecord(''), encodeRecord('ü')]);
    const decoder = createRecordDecoder();
    const got = [...stream].flatMap((byte) => decoder.push(Uint8Array.of(byte)));
    expect(got.map(text)).toEqual(['{"type":"HEARTBEAT"}', '', 'ü']);
  });

  it('keeps its own copy of what it was given', () => {
    const chunk = Buffer.from('4\nab');
    const decoder = createRecordDecoder();
    decoder.push(chunk);
    chunk.fill('x');
    expect(decoder.push(Buffer.from('cd')).map(text)).toEqual(['abcd']);
  });

  it.each(['x\n', '\n', '-1\n', '1e3\n', '{"type":"HEARTBEAT"}', '1'.repeat(64)])(
    'refuses the length header %j',
    (header) => {
      expect(() => createRecordDecoder().push(Buffer.from(header))).toThrow(/length header is broken/);
    },
  );

  it('refuses a record beyond the limit before taking any of it', () => {
    expect(() => createRecordDecoder(10).push(Buffer.from('11\n'))).toThrow(
      /11 bytes exceeds the limit of 10/,
    );
  });

  it.each([
    ['4\nab', /2 bytes are missing/],
    ['12', /within a length header/],
  ])('says that a stream that ends after %j is cut off', (stream, message) => {
    const decoder = createRecordDecoder();
    decoder.push(Buffer.from(stream));
    expect(() => {
      decoder.end();
    }).toThrow(message);
  });
});
