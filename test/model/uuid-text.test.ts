import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawKafkaUuid, kafkaUuid } from '../../src/model/uuid-text.ts';

const DASH_FIRST = 'f8000000-0000-4000-8000-000000000000';

describe("a uuid in Kafka's form", () => {
  it('is base64url of its bytes without padding', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        const text = kafkaUuid(uuid);
        expect(text).toBe(Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url'));
        expect(text).toHaveLength(22);
        expect(kafkaUuid(uuid.replaceAll('-', ''))).toBe(text);
        expect(kafkaUuid(uuid.toUpperCase())).toBe(text);
      }),
    );
  });

  it('has the ends of the range', () => {
    expect(kafkaUuid('00000000-0000-0000-0000-000000000000')).toBe('AAAAAAAAAAAAAAAAAAAAAA');
    expect(kafkaUuid('ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('_____________________w');
  });
});

describe('a drawn uuid', () => {
  it('is the first that does not begin with a hyphen', () => {
    expect(kafkaUuid(DASH_FIRST)).toMatch(/^-/);
    const anyDraws = fc.tuple(fc.nat({ max: 5 }), fc.uuid(), fc.uuid());
    fc.assert(
      fc.property(anyDraws, ([refused, good, unused]) => {
        fc.pre(!kafkaUuid(good).startsWith('-'));
        const source = [...Array<string>(refused).fill(DASH_FIRST), good, unused].values();
        expect(drawKafkaUuid(() => source.next().value!)).toBe(kafkaUuid(good));
        expect([...source]).toEqual([unused]);
      }),
    );
  });
});
