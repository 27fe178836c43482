// Kinds of fields that the schema of a spec is made of. Each error text completes the sentence "<field> is <value>, but".
import { z } from 'zod';

/** The rule of a map. */
export const isMap = 'must be a map of keys and values';
/** Wrong types get the text; unknown keys keep the issue that names them. */
export const mapError = (issue: { code?: string | undefined }) =>
  issue.code === 'invalid_type' ? isMap : undefined;
/** Text; the rule completes "must be text: ". */
export const text = (rule: string) => z.string({ error: `must be text: ${rule}` });

/** A whole number in a range. */
export const whole = (unit: string, min: number, max: number) => {
  const error = `must be a whole number${unit}; accepted: ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
