import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, isErrorCode, MillraceError, toErrorBody, type ErrorCode } from '../../src/model/errors.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the table of errors', () => {
  it.each(Object.entries(ERRORS))('gives %s a status, an exit code and a title that fit', (code, row) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect([400, 401, 404, 409, 422, 500, 502, 503]).toContain(row.status);
    // 0 is done, 5 that an operation waits for a person.
    expect([1, 2, 3, 4, 6]).toContain(row.exit);
    expect(row.title).toMatch(/^[A-Z].*[^.\s]$/);
  });

  it('has one exit code for what is not there and one for conflicts', () => {
    for (const { status, exit } of Object.values(ERRORS)) {
      expect(exit === 3).toBe(status === 404);
      expect(exit === 4).toBe(status === 409);
    }
  });

  it('never asks to repeat a request that was wrong', () => {
    const repeated = CODES.filter((code) => ERRORS[code].status < 409 && ERRORS[code].reaction !== 'person');
    expect(repeated).toEqual([]);
  });

  it('has a title of its own for each code', () => {
    expect(new Set(Object.values(ERRORS).map(({ title }) => title)).size).toBe(CODES.length);
  });

  it('has no code that nothing reports', () => {
    const src = new URL('../../src/', import.meta.url).pathname;
    const code = globSync('**/*.ts', { cwd: src })
      .filter((path) => path !== 'model/errors.ts')
      .map((path) => readFileSync(`${src}${path}`, 'utf8'))
      .join('\n');
    expect(CODES.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});

describe('an error code', () => {
  it('is known when it is in the table', () => {
    expect(CODES.filter((code) => !isErrorCode(code))).toEqual([]);
  });

  it.each(['', 'spec_invalid', 'toString', '__proto__', 'constructor', undefined, null, 400, ['INTERNAL']])(
    'is not %j',
    (value) => {
      expect(isErrorCode(value)).toBe(false);
    },
  );
});

describe('an error that crosses a boundary', () => {
  it('is code and message, and what else there is', () => {
    expect(toErrorBody(new MillraceError('NO_WORKER', 'no worker took it'))).toStrictEqual({
      code: 'NO_WORKER',
      message: 'no worker took it',
    });
    const issues = [{ path: 'brokers.count', message: 'must be 1 or more', line: 2, column: 3 }];
    const details = { operation: 'orders/install#1' };
    expect(toErrorBody(new MillraceError('SPEC_INVALID', 'refused', { issues, details }))).toStrictEqual({
      code: 'SPEC_INVALID',
      message: 'refused',
      issues,
      details,
    });
  });

  it('keeps its cause to the process', () => {
    const cause = new Error('connect ECONNREFUSED');
    const error = new MillraceError('MESOS_UNREACHABLE', 'no master answers', { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify(toErrorBody(error))).not.toContain('ECONNREFUSED');
    expect(new MillraceError('INTERNAL', 'x')).not.toHaveProperty('cause');
  });
});
