import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propertiesText } from '../../../src/model/node/properties-text.ts';

/** java.util.Properties.load, for lines that are not continued. */
function load(text: string): Record<string, string> {
  const unescape = (part: string) =>
    part.replace(/\\(u([0-9a-f]{4})|.)/g, (_, one: string, code?: string) =>
      code === undefined ? one : String.fromCharCode(Number.parseInt(code, 16)),
    );
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !/^[ \t]*[#!]/.test(line))
      .map((line) => {
        const [, key = '', value = ''] =
          /^((?:\\.|[^\\ \t=:])*)[ \t]*[=:]?[ \t]*(.*)$/.exec(line.trimStart()) ?? [];
        return [unescape(key), unescape(value)];
      }),
  );
}

describe('propertiesText', () => {
  it('sorts by name and escapes what has a meaning', () => {
    expect(propertiesText({ b: 'x=y:z', a: ' two\nlines', 'k y': 'C:\\dir', u: 'ü🦆' })).toBe(
      'a=\\ two\\u000alines\nb=x=y:z\nk\\ y=C:\\\\dir\nu=\\u00fc\\ud83e\\udd86\n',
    );
  });

  it('gives Java back what was put in, whatever it is, in printable ASCII', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(
        fc.dictionary(
          text.filter((key) => key !== '' && key !== '__proto__'),
          text,
        ),
        (properties) => {
          const rendered = propertiesText(properties);
          expect(rendered).toMatch(/^[\x20-\x7e\n]*$/);
          expect(load(rendered)).toEqual({ ...properties });
        },
      ),
    );
  });
});
