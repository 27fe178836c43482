import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../src/model/errors.ts';
import {
  describeConstraint,
  matchesPattern,
  parseConstraint,
  parseConstraints,
} from '../../../src/model/placement/constraints.ts';

describe('parseConstraints', () => {
  it.each([
    [['hostname', 'UNIQUE'], { field: 'hostname', operator: 'UNIQUE' }],
    [['hostname', 'UNIQUE', ''], { field: 'hostname', operator: 'UNIQUE' }],
    [['rack', 'MAX_PER', '2'], { field: 'rack', operator: 'MAX_PER', max: 2 }],
    [['@zone', 'GROUP_BY'], { field: '@zone', operator: 'GROUP_BY' }],
    [['@zone', 'GROUP_BY', '3'], { field: '@zone', operator: 'GROUP_BY', groups: 3 }],
    [['@region', 'CLUSTER', 'eu'], { field: '@region', operator: 'CLUSTER', value: 'eu' }],
    [['@region', 'CLUSTER'], { field: '@region', operator: 'CLUSTER' }],
    [['hostname', 'LIKE', 'a|b:[0-9]+'], { field: 'hostname', operator: 'LIKE', pattern: 'a|b:[0-9]+' }],
    [['disk', 'UNLIKE', 'hdd.*'], { field: 'disk', operator: 'UNLIKE', pattern: 'hdd.*' }],
    [['level', 'IS', '2'], { field: 'level', operator: 'IS', value: '2' }],
  ])('accepts %j as a list and as text with colons', (row, constraint) => {
    expect(parseConstraints([row])).toEqual([constraint]);
    expect(parseConstraints([row.join(':')])).toEqual([constraint]);
  });

  it.each([
    ['hostname', 'must have two or three parts'],
    [['hostname'], 'must have two or three parts'],
    [['a', 'IS', 'b', 'c'], 'must have two or three parts'],
    [['', 'UNIQUE'], '"" is no field'],
    [['@rack', 'UNIQUE'], '"@rack" is no field'],
    [['hostname', 'only'], '"only" is no operator'],
    [['hostname', 'UNIQUE', '2'], 'UNIQUE takes no parameter'],
    [['rack', 'MAX_PER'], 'MAX_PER needs a whole number from 1'],
    [['rack', 'MAX_PER', '0'], 'MAX_PER needs a whole number from 1'],
    [['rack', 'MAX_PER', '1.5'], 'MAX_PER needs a whole number from 1'],
    [['rack', 'GROUP_BY', 'x'], 'GROUP_BY takes no parameter or a whole number'],
    [['rack', 'LIKE'], 'LIKE needs a regular expression'],
    [['rack', 'LIKE', '['], 'its regular expression is not valid'],
    [['rack', 'LIKE', '(a)\\1'], 'its regular expression is not valid'],
    [['rack', 'LIKE', '(?=a)b'], 'look-around and back-references are not taken'],
    [['rack', 'UNLIKE', 'a)(b'], 'its regular expression is not valid'],
    [['rack', 'LIKE', 'a'.repeat(257)], 'its parameter has 257 characters; accepted: up to 256'],
    [['rack', 'IS'], 'IS needs a value'],
  ])('refuses %j', (row, problem) => {
    expect(parseConstraint(row)).toEqual({ problem: expect.stringContaining(problem) as string });
  });

  it.each([
    ['', []],
    ['[]', []],
    ['hostname:UNIQUE', ['hostname UNIQUE']],
    ['hostname:unique, rack:LIKE:a|b', ['hostname UNIQUE', 'rack LIKE a|b']],
    ['rack:LIKE:a{1\\,2},@zone:GROUP_BY:3', ['rack LIKE a{1,2}', '@zone GROUP_BY 3']],
    ['[["hostname","MAX_PER","1"],["rack","LIKE","a,b"]]', ['hostname MAX_PER 1', 'rack LIKE a,b']],
    ['["hostname:UNIQUE"]', ['hostname UNIQUE']],
    ['["hostname","UNIQUE"]', ['hostname UNIQUE']],
    [['rack', 'MAX_PER', '2'], ['rack MAX_PER 2']],
    [
      ['rack:IS:a', 'hostname:UNIQUE'],
      ['rack IS a', 'hostname UNIQUE'],
    ],
  ])('takes the whole placement %j in the forms of DC/OS', (placement, rows) => {
    expect(parseConstraints(placement).map(describeConstraint)).toEqual(rows);
  });

  it.each(['[["hostname"', '[1]', '[{"a":1}]'])('refuses JSON that holds no rows: %s', (placement) => {
    expect(() => parseConstraints(placement)).toThrow(/must be rows of text/);
  });

  it('matches whole values, in no time even where backtracking would take years', () => {
    expect(matchesPattern('a|b', 'b')).toBe(true);
    expect(matchesPattern('a', 'ab')).toBe(false);
    expect(matchesPattern('(a+)+', `${'a'.repeat(10_000)}!`)).toBe(false);
    expect(matchesPattern('(x?){100}y', 'x'.repeat(100))).toBe(false);
  });

  it('names every bad row, what it is and what is accepted', () => {
    const parse = () => parseConstraints([['hostname', 'UNIQUE'], 'rack:MAX:2', ['rack', 'IS']]);
    expect(parse).toThrow(MillraceError);
    try {
      parse();
    } catch (error) {
      const { code, issues } = error as MillraceError;
      expect(code).toBe('SPEC_INVALID');
      expect(issues?.map(({ path }) => path)).toEqual(['1', '2']);
      expect(issues?.[0]?.message).toMatch(
        /^row 1 is "rack:MAX:2", but "MAX" is no operator; accepted: .*MAX_PER/,
      );
    }
  });

  it('describes a constraint as its row', () => {
    const rows = [
      'hostname UNIQUE',
      'rack MAX_PER 2',
      '@zone GROUP_BY 3',
      '@zone GROUP_BY',
      'a CLUSTER',
      'a IS b',
      'a LIKE b',
    ];
    expect(parseConstraints(rows.map((row) => row.split(' '))).map(describeConstraint)).toEqual(rows);
  });
});
