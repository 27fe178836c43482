// What the writer writes the reader reads, in both encodings; frames come out whole however the stream is cut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitFrames } from '../../../src/kafka/wire/frames.ts';
import { createReader } from '../../../src/kafka/wire/reader.ts';
import { createWriter } from '../../../src/kafka/wire/writer.ts';

const structure = fc.record({
  flag: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  uvarint: fc.integer({ min: 0, max: 0xffff_ffff }),
  text: fc.string({ unit: 'binary', maxLength: 600 }),
  list: fc.array(fc.string({ unit: 'grapheme' })),
});

describe('primitives', () => {
  it('are read as they were written, in the classic and in the flexible encoding', () => {
    fc.assert(
      fc.property(structure, fc.boolean(), (value, flexible) => {
        const writer = createWriter(flexible);
        writer.boolean(value.flag);
        writer.int8(value.int8);
        writer.int16(value.int16);
        writer.int32(value.int32);
        writer.int64(value.int64);
        writer.uvarint(value.uvarint);
        writer.string(value.text);
        writer.array(value.list, (item) => {
          writer.string(item);
        });
        writer.endStruct();
        const reader = createReader(writer.bytes(), flexible);
        expect({
          flag: reader.boolean(),
          int8: reader.int8(),
          int16: reader.int16(),
          int32: reader.int32(),
          int64: reader.int64(),
          uvarint: reader.uvarint(),
          text: reader.string(),
          list: reader.array(() => reader.string()),
        }).toEqual(value);
        reader.endStruct();
        expect(reader.remaining()).toBe(0);
      }),
    );
  });

  it('read zigzag numbers as record batches hold them', () => {
    const read = (hex: string) => createReader(Buffer.from(hex, 'hex'), false).varint();
    expect(['00', '01', '02', '03', 'feffffff0f', 'ffffffff0f'].map(read)).toEqual([
      0, -1, 1, -2, 2_147_483_647, -2_147_483_648,
    ]);
  });

  it('skip tagged fields that they do not know', () => {
    const reader = createReader(Buffer.from('020003aabbcc0501ff2a', 'hex'), true);
    reader.endStruct();
    expect(reader.int8()).toBe(42);
  });

  it('refuse what ends too early, announces too much, or does not fit a number', () => {
    const reader = (hex: string, flexible = false) => createReader(Buffer.from(hex, 'hex'), flexible);
    expect(() => reader('0005616263').string()).toThrow('ends after 5 bytes where 7 are needed');
    expect(() => reader('7fffffff').array(() => 0)).toThrow('announces 2147483647 items');
    expect(() => reader('ffffffffffff', true).uvarint()).toThrow('more than 32 bits');
    expect(() => reader('7fffffffffffffff').int64()).toThrow('beyond 2^53 - 1');
  });

  it('read null as such', () => {
    expect(createReader(Buffer.from('ffff', 'hex'), false).nullableString()).toBeNull();
    expect(createReader(Buffer.from('00', 'hex'), true).nullableString()).toBeNull();
    expect(createReader(Buffer.from('00', 'hex'), true).array(() => 0)).toEqual([]);
  });
});

describe('frames', () => {
  it('come out whole and in order wherever the stream is cut', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 4, maxLength: 40 }), { minLength: 1, maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(frames, cuts, (bodies, sizes) => {
        const stream = Buffer.concat(
          bodies.flatMap((body) => {
            const length = Buffer.alloc(4);
            length.writeInt32BE(body.length);
            return [length, Buffer.from(body)];
          }),
        );
        const seen: Buffer[] = [];
        const push = splitFrames((frame) => seen.push(Buffer.from(frame)));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          push(stream.subarray(at, at + size));
          at += size;
        }
        expect(seen.map((frame) => frame.toString('hex'))).toEqual(
          bodies.map((body) => Buffer.from(body).toString('hex')),
        );
      }),
    );
  });

  it('are refused when their length cannot be one of Kafka', () => {
    const push = splitFrames(() => undefined);
    expect(() => {
      push(Buffer.from('HTTP/1.1 400 Bad Request\r\n'));
    }).toThrow('does not speak the Kafka protocol');
  });
});
