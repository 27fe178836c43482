// What is wrong with a spec, in sentences: the field, its value, the rule and what would be accepted.
import type { z } from 'zod';
import { closest } from './closest.ts';
import { clusterSpecInputSchema } from './schema.ts';

export type Path = (string | number)[];

/** One thing that is wrong; `on` says whether the key itself or its value is to be pointed at. */
export interface Problem {
  path: Path;
  on: 'key' | 'value';
  message: string;
}

/** Longest rendering of a value in a message. */
const MAX_SHOWN = 80;

/**
 * A problem with the value at a path.
 *
 * @param rule completes the sentence "<field> is <value>, but"
 */
export function problemAt(input: unknown, path: Path, rule: string): Problem {
  const value = valueAt(input, path);
  const name = path.length === 0 ? 'the spec' : path.join('.');
  const isEmpty = path.length === 0 && (value === null || value === undefined);
  const state = isEmpty ? 'is empty' : value === undefined ? 'is missing' : `is ${showValue(value)}`;
  return { path, on: 'value', message: `${name} ${state}, but ${rule}` };
}

/** The problems that the schema found, in our words. */
export function schemaProblems(input: unknown, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
    const inside = insideList(input, path, issue);
    if (inside) return schemaProblems(input, inside);
    return [problemAt(input, path, issue.message)];
  });
}

/** What is wrong with members of a list that might have been something else than a list, but is one. */
function insideList(input: unknown, path: Path, issue: z.core.$ZodIssue): z.core.$ZodIssue[] | null {
  if (issue.code !== 'invalid_union' || !Array.isArray(valueAt(input, path))) return null;
  const branch = issue.errors.find((issues) => issues.every((inner) => inner.path.length > 0));
  return branch?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? null;
}

function unknownKey(parent: Path, key: string): Problem {
  const path = [...parent, key];
  const siblings = keysBelow(clusterSpecInputSchema, parent);
  const beside = closest(key, siblings);
  // A right key in the wrong place is found by its last part: `version` is `kafka.version`.
  const elsewhere = allKeys(clusterSpecInputSchema, []).find((known) => sameName(known.at(-1), key));
  const meant = beside === null ? elsewhere?.join('.') : [...parent, beside].join('.');
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const place = parent.length === 0 ? 'the spec' : parent.join('.');
  const accepted = `accepted in ${place}: ${siblings.join(', ')}`;
  return {
    path,
    on: 'key',
    message: `${path.join('.')} is not a known key${hint}${hint === '' ? ';' : ''} ${accepted}`,
  };
}

function sameName(known: string | number | undefined, key: string): boolean {
  return typeof known === 'string' && known.toLowerCase() === key.toLowerCase();
}

/** The value as a message shows it: text in quotes, maps and lists by their kind when they are long. */
export function showValue(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  if (json.length <= MAX_SHOWN) return json;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'a map' : `${json.slice(0, MAX_SHOWN)}…`;
}

/** What is at a path; undefined when nothing is. */
export function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

type Shape = Record<string, unknown>;

/** The keys of a map in the schema; none for lists, free maps and what is not there. */
function keysBelow(schema: unknown, path: Path): string[] {
  const shape = shapeOf(schema);
  const [first, ...rest] = path;
  if (first === undefined) return shape ? Object.keys(shape) : [];
  return shape && Object.hasOwn(shape, first) ? keysBelow(shape[first], rest) : [];
}

function allKeys(schema: unknown, path: Path): Path[] {
  const shape = shapeOf(schema) ?? {};
  return Object.entries(shape).flatMap(([key, inner]) => [[...path, key], ...allKeys(inner, [...path, key])]);
}

/** The fields of a map, through what only wraps it (defaults, optional). */
function shapeOf(schema: unknown): Shape | null {
  if (schema === null || typeof schema !== 'object') return null;
  if ('shape' in schema) return schema.shape as Shape;
  if ('unwrap' in schema && typeof schema.unwrap === 'function')
    return shapeOf((schema.unwrap as () => unknown)());
  return null;
}
