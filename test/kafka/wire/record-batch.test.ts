// Record batches that are cut, compressed or of another format.
import { describe, expect, it } from 'vitest';
import { decodeRecordBatches } from '../../../src/kafka/wire/record-batch.ts';
import { RECORDED } from './recorded.ts';

/** The batches inside the recorded fetch answer: its last 155 bytes (0x9b), 85 and 70 a batch. */
const batches = () => Buffer.from(Buffer.from(RECORDED.fetch, 'base64').subarray(-155));
const FIRST_BATCH_BYTES = 12 + 73;
/** Offsets inside a batch. */
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;

describe('record batches', () => {
  it('are read without the last one wherever that is cut', () => {
    for (let length = FIRST_BATCH_BYTES; length < batches().length; length++)
      expect(decodeRecordBatches(batches().subarray(0, length)).map((record) => record.offset)).toEqual([
        0, 1,
      ]);
  });

  it('are refused when compressed or of an older format', () => {
    const compressed = batches();
    compressed.writeInt16BE(1, ATTRIBUTES_AT);
    expect(() => decodeRecordBatches(compressed)).toThrow('compressed');
    const old = batches();
    old.writeInt8(1, MAGIC_AT);
    expect(() => decodeRecordBatches(old)).toThrow('format 1');
  });

  it('hold no records when they only end a transaction', () => {
    const control = batches().subarray(0, FIRST_BATCH_BYTES);
    control.writeInt16BE(0x20, ATTRIBUTES_AT);
    expect(decodeRecordBatches(control)).toEqual([]);
  });
});
