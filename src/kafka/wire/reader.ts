// Reads Kafka's primitive types, in the classic or in the flexible (KIP-482) encoding, from one answer.

/** Tagged field or string lengths take at most this many bytes as a varint (32 bits, 7 a byte). */
const MAX_VARINT_BYTES = 5;

/** The rest of one answer; each call takes what it returns. Each throws a RangeError when the answer ends before. */
export interface Reader {
  readonly flexible: boolean;
  boolean(): boolean;
  int8(): number;
  int16(): number;
  uint16(): number;
  int32(): number;
  /** Offsets and timestamps as plain numbers; beyond 2^53 - 1 it throws rather than round. */
  int64(): number;
  uvarint(): number;
  /** Zigzag, as inside record batches. */
  varint(): number;
  string(): string;
  nullableString(): string | null;
  /** Kafka's text form: base64url of 16 bytes. */
  uuid(): string;
  /** `length` bytes, as a view. */
  raw(length: number): Buffer;
  /** A null array is read as an empty one. */
  array<T>(read: () => T): T[];
  /** Ends a structure: skips tagged fields, which newer brokers may add at any time. */
  endStruct(): void;
  /** How many bytes are left. */
  remaining(): number;
}

/** Reads `buffer` from its beginning. Layouts: Kafka's protocol guide, "Protocol Primitive Types". */
export function createReader(buffer: Buffer, flexible: boolean): Reader {
  let at = 0;
  const take = (bytes: number): number => {
    if (bytes < 0 || at + bytes > buffer.length)
      throw new RangeError(`the answer ends after ${buffer.length} bytes where ${at + bytes} are needed`);
    at += bytes;
    return at - bytes;
  };
  const raw = (length: number): Buffer => {
    const from = take(length);
    return buffer.subarray(from, from + length);
  };
  const uvarint = (): number => {
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      const byte = buffer.readUInt8(take(1));
      value |= (byte & 0x7f) << (7 * index);
      if (byte < 0x80) return value >>> 0;
    }
    throw new RangeError('the answer holds a number of more than 32 bits where a length belongs');
  };
  const int16 = () => buffer.readInt16BE(take(2));
  const int32 = () => buffer.readInt32BE(take(4));
  const nullableString = (): string | null => {
    const length = flexible ? uvarint() - 1 : int16();
    return length < 0 ? null : raw(length).toString('utf8');
  };
  return {
    flexible,
    boolean: () => buffer.readInt8(take(1)) !== 0,
    int8: () => buffer.readInt8(take(1)),
    int16,
    uint16: () => buffer.readUInt16BE(take(2)),
    int32,
    int64: () => {
      const value = Number(buffer.readBigInt64BE(take(8)));
      if (!Number.isSafeInteger(value)) throw new RangeError(`the answer holds ${value}, beyond 2^53 - 1`);
      return value;
    },
    uvarint,
    varint: () => {
      const value = uvarint();
      return (value >>> 1) ^ -(value & 1);
    },
    string: () => nullableString() ?? '',
    nullableString,
    uuid: () => raw(16).toString('base64url'),
    raw,
    array: (read) => {
      const length = flexible ? uvarint() - 1 : int32();
      // Each item takes at least a byte: a length beyond the rest is not worth an allocation.
      if (length > buffer.length - at)
        throw new RangeError(`the answer announces ${length} items and ends before`);
      return Array.from({ length: Math.max(length, 0) }, read);
    },
    endStruct: () => {
      if (!flexible) return;
      for (let left = uvarint(); left > 0; left--) {
        uvarint();
        raw(uvarint());
      }
    },
    remaining: () => buffer.length - at,
  };
}
