// Reads records out of Kafka's record batches (magic 2, uncompressed), as Fetch returns them.
import { createReader, type Reader } from './reader.ts';

/** Base offset and length, before what the length counts. */
const BATCH_HEADER_BYTES = 12;
const MAGIC = 2;
const COMPRESSION_MASK = 0x07;
const CONTROL_MASK = 0x20;

export interface FetchedRecord {
  offset: number;
  key: string | null;
  value: string | null;
}

/**
 * The records of all whole batches; a batch that is cut at the end, which brokers may send, is left out.
 * Layout: Kafka's documentation, "Message Format".
 *
 * @throws Error for a compressed batch or an older format: the topics that are read here have neither
 */
export function decodeRecordBatches(bytes: Buffer): FetchedRecord[] {
  const reader = createReader(bytes, false);
  const records: FetchedRecord[] = [];
  while (reader.remaining() >= BATCH_HEADER_BYTES) {
    const baseOffset = reader.int64();
    const length = reader.int32();
    if (length > reader.remaining()) break;
    records.push(...decodeBatch(createReader(reader.raw(length), false), baseOffset));
  }
  return records;
}

function decodeBatch(reader: Reader, baseOffset: number): FetchedRecord[] {
  reader.int32(); // leader epoch
  const magic = reader.int8();
  if (magic !== MAGIC) throw new Error(`a record batch has format ${magic}, expected ${MAGIC}`);
  reader.int32(); // checksum: the broker has checked it, and what is read is compared with what was sent
  const attributes = reader.int16();
  if ((attributes & COMPRESSION_MASK) !== 0)
    throw new Error('a record batch is compressed, expected an uncompressed one');
  reader.raw(4 + 8 + 8 + 8 + 2 + 4); // last offset delta, timestamps, producer id and epoch, base sequence
  // Records have no flexible arrays: their count is a plain int32 and all inside is zigzag varints.
  const count = reader.int32();
  if ((attributes & CONTROL_MASK) !== 0) return [];
  return Array.from({ length: count }, () => decodeRecord(reader, baseOffset));
}

function decodeRecord(batch: Reader, baseOffset: number): FetchedRecord {
  const reader = createReader(batch.raw(batch.varint()), false);
  reader.int8(); // attributes
  skipVarlong(reader); // timestamp delta
  const offset = baseOffset + reader.varint();
  const key = readBytes(reader);
  const value = readBytes(reader);
  return { offset, key, value }; // headers stay unread
}

function readBytes(reader: Reader): string | null {
  const length = reader.varint();
  return length < 0 ? null : reader.raw(length).toString('utf8');
}

function skipVarlong(reader: Reader): void {
  while (reader.int8() < 0); // the highest bit, here the sign, says that another byte follows
}
