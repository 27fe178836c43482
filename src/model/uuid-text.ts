// Kafka's text form of a uuid.

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
