// RecordIO, the framing of Mesos' event streams: each record is its length in bytes as decimal text, a newline, and
// that many bytes. One HTTP chunk usually is one record, but nothing promises it.

/** What `createRecordDecoder` gives: feed it what arrives, in order. */
export interface RecordDecoder {
  /**
   * Takes the next bytes of the stream and gives the records that they complete, in order.
   * @throws Error when a length header is not a decimal number within the limit; the stream is unusable then.
   */
  push(chunk: Uint8Array): Uint8Array[];
  /** @throws Error when the stream ends within a record. */
  end(): void;
}

/** Far above an OFFERS event of ten thousand agents (about 1 KB each), far below what would hurt the process. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024;
/** Digits of MAX_RECORD_BYTES, with room for leading zeros: a header without a newline must not grow for ever. */
const MAX_HEADER_BYTES = 20;

const NEWLINE = 0x0a;

/** Decodes a RecordIO stream that may be split at any byte. */
export function createRecordDecoder(maxRecordBytes: number = MAX_RECORD_BYTES): RecordDecoder {
  let header = '';
  /** Bytes of the current record that are still to come; null while the header is read. */
  let missing: number | null = null;
  let parts: Uint8Array[] = [];

  function takeHeader(chunk: Uint8Array, at: number): number {
    const newline = chunk.indexOf(NEWLINE, at);
    const end = newline === -1 ? chunk.length : newline;
    header += Buffer.from(chunk.subarray(at, Math.min(end, at + MAX_HEADER_BYTES + 1))).toString('latin1');
    if (header.length > MAX_HEADER_BYTES || (newline === -1 && !/^\d*$/.test(header)))
      throw brokenHeader(header);
    if (newline === -1) return end;
    missing = lengthOf(header, maxRecordBytes);
    header = '';
    return newline + 1;
  }

  function takeBody(chunk: Uint8Array, at: number, wanted: number): number {
    const end = Math.min(chunk.length, at + wanted);
    // Copied, because the giver may use the chunk's memory again.
    parts.push(Buffer.from(chunk.subarray(at, end)));
    missing = wanted - (end - at);
    return end;
  }

  return {
    push(chunk) {
      const records: Uint8Array[] = [];
      let at = 0;
      while (at < chunk.length) {
        at = missing === null ? takeHeader(chunk, at) : takeBody(chunk, at, missing);
        if (missing !== 0) continue;
        records.push(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
        parts = [];
        missing = null;
      }
      return records;
    },
    end() {
      if (missing !== null || header !== '')
        throw new Error(
          missing === null
            ? `The RecordIO stream ended within a length header (${JSON.stringify(header)}).`
            : `The RecordIO stream ended within a record: ${missing} bytes are missing.`,
        );
    },
  };
}

/** Frames one record. */
export function encodeRecord(record: Uint8Array | string): Buffer {
  const body = Buffer.from(record);
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

function lengthOf(header: string, maxRecordBytes: number): number {
  if (!/^\d+$/.test(header)) throw brokenHeader(header);
  const length = Number(header);
  if (length > maxRecordBytes)
    throw new Error(`A RecordIO record of ${header} bytes exceeds the limit of ${maxRecordBytes} bytes.`);
  return length;
}

function brokenHeader(header: string): Error {
  return new Error(
    `A RecordIO length header is broken: expected a decimal number and a newline, got ${JSON.stringify(header.slice(0, MAX_HEADER_BYTES))}.`,
  );
}
