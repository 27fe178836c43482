import { describe, expect, it } from 'vitest';
import type { MillraceError } from '../../../src/model/errors.ts';
import { parseSpec } from '../../../src/model/spec/parse.ts';
import { parseSpecText } from '../../../src/model/spec/parse-text.ts';

/** `line:column path` and message of each issue; fails when the text is accepted. */
function refusal(text: string, format?: 'yaml' | 'json'): string[] {
  try {
    parseSpecText(text, format);
  } catch (error) {
    const { code, issues } = error as MillraceError;
    expect(code).toBe('SPEC_INVALID');
    return (issues ?? []).map(({ path, message, line, column }) => `${line}:${column} ${path} | ${message}`);
  }
  throw new Error(`accepted: ${text}`);
}

describe('parseSpecText', () => {
  it('reads YAML and JSON to the same spec', () => {
    const value = {
      name: 'team/orders',
      brokers: { count: 1, disk: { sizeMb: 512 } },
      kafka: { config: { 'num.partitions': 6 } },
    };
    const yaml =
      'name: team/orders # ours\nbrokers: {count: 1, disk: {sizeMb: 512}}\nkafka:\n  config:\n    num.partitions: 6\n';
    expect(parseSpecText(yaml)).toEqual(parseSpec(value));
    expect(parseSpecText(JSON.stringify(value))).toEqual(parseSpec(value));
    expect(parseSpecText(JSON.stringify(value, null, '\t'), 'json')).toEqual(parseSpec(value));
  });

  it('gives what the site provides', () => {
    expect(parseSpecText('name: a', 'yaml', { java: { path: '/opt/java' } }).java).toEqual({
      path: '/opt/java',
    });
  });

  it('points at the value that is wrong, at the key that is unknown, and at the map that lacks something', () => {
    const text = 'kafka:\n  config:\n    log.dirs: /x\nbrokers:\n  heapMb: 4096\nname: orders\n';
    expect(refusal(text).map((line) => line.split(' |')[0])).toEqual([
      '5:11 brokers.heapMb',
      '3:15 kafka.config.log.dirs',
    ]);
    expect(refusal('name: a\nbrokers:\n  cpus: 1\n  heapmb: 4096\n')[0]).toMatch(
      /^4:3 brokers.heapmb \| .*did you mean brokers.heapMb/,
    );
    expect(refusal('\n# a comment\nbrokers: {count: 1}\n')[0]).toMatch(/^3:1 name \| name is missing/);
    expect(refusal('name: a\nbrokers:\n  memMb: 512\n')[0]).toMatch(/^3:3 brokers.heapMb \|/);
    expect(
      refusal('name: a\nplacement:\n  brokers:\n    - [hostname, UNIQUE]\n    - rack:MAX_PER\n')[0],
    ).toMatch(/^5:7 placement.brokers.1/);
  });

  it('says the same of the same mistake as of an object', () => {
    const message = (make: () => unknown) => {
      try {
        make();
      } catch (error) {
        return (error as MillraceError).issues?.map((issue) => issue.message);
      }
      return undefined;
    };
    const value = { name: 'A', brokers: { count: 0 }, extra: 1 };
    const fromObject = message(() => parseSpec(value));
    expect(fromObject).toHaveLength(2);
    expect(message(() => parseSpecText(JSON.stringify(value), 'json'))).toEqual(fromObject);
  });

  it.each<[string, 'yaml' | 'json', RegExp]>([
    ['', 'yaml', /^1:1 {2}\| the spec is empty/],
    ['name: a\n---\nname: b\n', 'yaml', /the spec is not valid YAML/],
    ['name: a\nbrokers: [\n', 'yaml', /^3:1 {2}\| the spec is not valid YAML/],
    ['name: a\nname: b\n', 'yaml', /^2:1 {2}\| the spec is not valid YAML: Map keys must be unique/],
    ['{"name": "a",\n "x": nope}', 'json', /^2:\d+ {2}\| the spec is not valid JSON: Unexpected token 'o'$/],
    ['{"name": "a",', 'json', /^1:14 {2}\| the spec is not valid JSON/],
    ['{"name": "a",\n"name": "b"}', 'json', /^2:1 {2}\| the spec is not valid JSON: Map keys must be unique/],
    ['name: a', 'json', /the spec is not valid JSON/],
    [`name: a # ${'x'.repeat(300_000)}`, 'yaml', /has 300010 characters; accepted: up to 262144/],
  ])('refuses %j as %s with a place', (text, format, expected) => {
    expect(refusal(text, format)[0]).toMatch(expected);
  });

  it('refuses aliases that multiply', () => {
    const levels = Array.from(
      { length: 9 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`,
    );
    expect(refusal(`a0: &a0 [x]\n${levels.join('\n')}`)[0]).toMatch(/cannot be read: Excessive alias count/);
  });

  it('names the first problem in the message of the error', () => {
    expect(() => parseSpecText('name: a\nbrokers: {count: 0}\n')).toThrow(
      'The spec was refused and nothing was changed: brokers.count is 0, but must be a whole number; accepted: 1 to 1000 (line 2, column 18). Correct it and send it again.',
    );
  });
});
