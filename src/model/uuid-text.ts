// Kafka's text form of a uuid.
import { sha256Hex } from './hash.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * A uuid in Kafka's form: base64url of its 16 bytes without padding, 22 characters (org.apache.kafka.common.Uuid).
 * Works without Buffer, since workflow code has none.
 *
 * @param uuid 32 hex digits, with or without hyphens
 */
export function kafkaUuid(uuid: string): string {
  const hex = uuid.replaceAll('-', '');
  let bits = '';
  for (const digit of hex) bits += Number.parseInt(digit, 16).toString(2).padStart(4, '0');
  let text = '';
  for (let at = 0; at < bits.length; at += 6)
    text += ALPHABET.charAt(Number.parseInt(bits.slice(at, at + 6).padEnd(6, '0'), 2));
  return text;
}

/** A fresh Kafka uuid; draws again while it begins with `-`, which Kafka's own tools take for an option. */
export function drawKafkaUuid(uuid4: () => string): string {
  let text = kafkaUuid(uuid4());
  while (text.startsWith('-')) text = kafkaUuid(uuid4());
  return text;
}

/**
 * A further uuid of the same thing, in Kafka's form: a pure function of the first uuid and a number, for directories that
 * were never drawn one by one.
 */
export function derivedKafkaUuid(first: string, index: number): string {
  for (let salt = 0; ; salt += 1) {
    const hash = sha256Hex(`${first}/${index}/${salt}`);
    // Version 4, as Kafka draws them, which keeps it from being one of the ids that Kafka reserves.
    const text = kafkaUuid(`${hash.slice(0, 12)}4${hash.slice(13, 16)}8${hash.slice(17, 32)}`);
    if (!text.startsWith('-')) return text;
  }
}
