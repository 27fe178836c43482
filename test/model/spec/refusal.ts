// What a refused spec says.
import { expect } from 'vitest';
import type { MillraceError } from '../../../src/model/errors.ts';
import { parseSpec, type SiteDefaults } from '../../../src/model/spec/parse.ts';

/** Messages of a refusal by path; fails when the spec is accepted. */
export function refusal(value: unknown, site?: SiteDefaults): Record<string, string> {
  try {
    parseSpec(value, site);
  } catch (error) {
    const { code, issues } = error as MillraceError;
    expect(code).toBe('SPEC_INVALID');
    return Object.fromEntries((issues ?? []).map(({ path, message }) => [path, message]));
  }
  throw new Error(`accepted: ${JSON.stringify(value)}`);
}

/** A spec with these broker properties. */
export const withConfig = (config: Record<string, unknown>, more: object = {}) => ({
  name: 'orders',
  kafka: { config },
  ...more,
});
