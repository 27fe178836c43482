// Writes Kafka's primitive types, in the classic or in the flexible (KIP-482) encoding, into one growing buffer.

const INITIAL_BYTES = 256;
const UUID_BYTES = 16;

/**
 * The body of one request. Strings and arrays are written compactly when the version of the message is flexible, so
 * that a message's encoder reads the same for all its versions.
 */
export interface Writer {
  readonly flexible: boolean;
  boolean(value: boolean): void;
  int8(value: number): void;
  int16(value: number): void;
  uint16(value: number): void;
  int32(value: number): void;
  /** A whole number up to 2^53 - 1. */
  int64(value: number): void;
  uvarint(value: number): void;
  /** Null only where the layout of the message allows it. */
  string(value: string | null): void;
  /** From Kafka's text form: base64url of 16 bytes. */
  uuid(value: string): void;
  /** A null array means "all" in several requests, and is not the same as an empty one. */
  array<T>(items: readonly T[] | null, write: (item: T) => void): void;
  /** Ends a structure: no tagged fields are ever sent. Writes nothing in the classic encoding. */
  endStruct(): void;
  /** What has been written so far. */
  bytes(): Buffer;
}

/** An empty writer. Layouts: Kafka's protocol guide, "Protocol Primitive Types". */
export function createWriter(flexible: boolean): Writer {
  let buffer = Buffer.alloc(INITIAL_BYTES);
  let at = 0;
  /** Makes room and returns the offset to write at. */
  const take = (bytes: number): number => {
    if (at + bytes > buffer.length) {
      const larger = Buffer.alloc(Math.max(buffer.length * 2, at + bytes));
      buffer.copy(larger, 0, 0, at);
      buffer = larger;
    }
    at += bytes;
    return at - bytes;
  };
  // The offset is taken before the write: taking it may replace the buffer.
  const byte = (value: number): void => {
    const offset = take(1);
    buffer.writeUInt8(value, offset);
  };
  const uvarint = (value: number): void => {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    byte(rest);
  };
  const int16 = (value: number): void => {
    const offset = take(2);
    buffer.writeInt16BE(value, offset);
  };
  const int32 = (value: number): void => {
    const offset = take(4);
    buffer.writeInt32BE(value, offset);
  };
  const int8 = (value: number): void => {
    const offset = take(1);
    buffer.writeInt8(value, offset);
  };
  return {
    flexible,
    boolean: (value) => {
      int8(value ? 1 : 0);
    },
    int8,
    int16,
    uint16: (value) => {
      const offset = take(2);
      buffer.writeUInt16BE(value, offset);
    },
    int32,
    int64: (value) => {
      const offset = take(8);
      buffer.writeBigInt64BE(BigInt(value), offset);
    },
    uvarint,
    string: (value) => {
      if (value === null) {
        if (flexible) uvarint(0);
        else int16(-1);
        return;
      }
      const bytes = Buffer.byteLength(value);
      if (flexible) uvarint(bytes + 1);
      else int16(bytes);
      const offset = take(bytes);
      buffer.write(value, offset);
    },
    uuid: (value) => {
      const bytes = Buffer.from(value, 'base64url');
      if (bytes.length !== UUID_BYTES) throw new RangeError(`${JSON.stringify(value)} is no uuid of Kafka's`);
      const offset = take(UUID_BYTES); // may replace the buffer
      bytes.copy(buffer, offset);
    },
    array: (items, write) => {
      if (flexible) uvarint(items === null ? 0 : items.length + 1);
      else int32(items === null ? -1 : items.length);
      items?.forEach(write);
    },
    endStruct: () => {
      if (flexible) uvarint(0);
    },
    bytes: () => buffer.subarray(0, at),
  };
}
