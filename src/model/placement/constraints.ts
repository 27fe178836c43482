// Placement constraints in Marathon's language: rows of field, operator and parameter.
import { RE2JS } from 're2js';
import { MillraceError, type Issue } from '../errors.ts';
import { FIELD } from './field.ts';

/** One parsed row. All rows of a list must hold (AND); see `satisfies` for what each operator means. */
export type Constraint =
  | { operator: 'UNIQUE'; field: string }
  | { operator: 'MAX_PER'; field: string; max: number }
  | { operator: 'GROUP_BY'; field: string; groups?: number }
  | { operator: 'CLUSTER'; field: string; value?: string }
  | { operator: 'LIKE' | 'UNLIKE'; field: string; pattern: string }
  | { operator: 'IS'; field: string; value: string };

/** A row as a user writes it: `["rack", "MAX_PER", "2"]` or `"rack:MAX_PER:2"`. */
export type ConstraintRow = string | readonly string[];

/** All rows of a kind of nodes: a list, or one text as DC/OS took it. */
export type PlacementRows = string | readonly ConstraintRow[];

export const OPERATORS = ['UNIQUE', 'MAX_PER', 'GROUP_BY', 'CLUSTER', 'LIKE', 'UNLIKE', 'IS'] as const;

/** Longest parameter; patterns run against each offer, so that they are kept short. */
const MAX_PARAMETER_LENGTH = 256;
const FIELD_SYNTAX = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

const ACCEPTED =
  'accepted: [field, operator, parameter] or "field:OPERATOR:parameter" with the field hostname, @zone, @region or an ' +
  `attribute of the agents, and the operator ${OPERATORS.join(', ')}`;

/**
 * Parses rows of constraints.
 *
 * @throws MillraceError SPEC_INVALID with one issue a bad row; `path` is the row's index, counted from 0
 */
export function parseConstraints(placement: PlacementRows): Constraint[] {
  const issues: Issue[] = [];
  const constraints: Constraint[] = [];
  const found = rowsOf(placement);
  if ('problem' in found) issues.push({ path: '', message: `they ${found.problem}` });
  const rows = 'problem' in found ? [] : found.rows;
  rows.forEach((row, index) => {
    const parsed = parseConstraint(row);
    if ('problem' in parsed)
      issues.push({
        path: String(index),
        message: `row ${index} is ${JSON.stringify(row)}, but ${parsed.problem}`,
      });
    else constraints.push(parsed);
  });
  const [first] = issues;
  if (first)
    throw new MillraceError('SPEC_INVALID', `The placement constraints were refused: ${first.message}`, {
      issues,
    });
  return constraints;
}

/**
 * The rows of a placement. Beside a list of rows it may be, as DC/OS took it, one row as a flat list
 * (`["hostname", "UNIQUE"]`), and as text either JSON of any of these or rows with commas between them
 * (`hostname:UNIQUE,rack:LIKE:a|b`; `\\,` is a comma of a parameter).
 */
export function rowsOf(placement: PlacementRows): { rows: readonly ConstraintRow[] } | { problem: string } {
  if (typeof placement !== 'string') return { rows: isFlatRow(placement) ? [placement] : placement };
  const text = placement.trim();
  if (text === '') return { rows: [] };
  if (!text.startsWith('[')) return { rows: splitRows(text) };
  try {
    const value: unknown = JSON.parse(text);
    if (isRows(value)) return { rows: isFlatRow(value) ? [value] : value };
  } catch {
    // As wrong as JSON of something else.
  }
  return { problem: `must be rows of text; ${ACCEPTED}; as JSON for example [["hostname","UNIQUE"]]` };
}

function isRows(value: unknown): value is ConstraintRow[] {
  const isText = (part: unknown) => typeof part === 'string';
  return (
    Array.isArray(value) && value.every((row) => isText(row) || (Array.isArray(row) && row.every(isText)))
  );
}

function isFlatRow(rows: readonly ConstraintRow[]): rows is readonly string[] {
  const [field, operator] = rows;
  return (
    rows.length <= 3 &&
    typeof field === 'string' &&
    !field.includes(':') &&
    typeof operator === 'string' &&
    (OPERATORS as readonly string[]).includes(operator.toUpperCase())
  );
}

function splitRows(text: string): string[] {
  return text.split(/(?<!\\),/).map((row) => row.replaceAll('\\,', ',').trim());
}

/** Parses one row; `problem` completes the sentence "row … is …, but". */
export function parseConstraint(row: ConstraintRow): Constraint | { problem: string } {
  const parts = typeof row === 'string' ? splitRow(row) : row;
  const [field = '', written = '', parameter] = parts;
  const operator = written.toUpperCase();
  if (parts.length < 2 || parts.length > 3) return { problem: `must have two or three parts; ${ACCEPTED}` };
  if (!isField(field)) return { problem: `${JSON.stringify(field)} is no field; ${ACCEPTED}` };
  if (parameter !== undefined && parameter.length > MAX_PARAMETER_LENGTH)
    return {
      problem: `its parameter has ${parameter.length} characters; accepted: up to ${MAX_PARAMETER_LENGTH}`,
    };
  switch (operator) {
    case 'UNIQUE':
      return parameter === undefined || parameter === ''
        ? { operator, field }
        : { problem: `UNIQUE takes no parameter; accepted: ["${field}", "UNIQUE"]` };
    case 'MAX_PER': {
      const max = positiveInteger(parameter);
      return max === null
        ? {
            problem: `MAX_PER needs a whole number from 1; accepted: for example ["${field}", "MAX_PER", "2"]`,
          }
        : { operator, field, max };
    }
    case 'GROUP_BY': {
      if (parameter === undefined || parameter === '') return { operator, field };
      const groups = positiveInteger(parameter);
      return groups === null
        ? {
            problem: `GROUP_BY takes no parameter or a whole number from 1; accepted: ["${field}", "GROUP_BY", "3"]`,
          }
        : { operator, field, groups };
    }
    case 'CLUSTER':
      return parameter === undefined || parameter === ''
        ? { operator, field }
        : { operator, field, value: parameter };
    case 'LIKE':
    case 'UNLIKE':
      return parsePattern(field, operator, parameter);
    case 'IS':
      return parameter === undefined || parameter === ''
        ? { problem: `IS needs a value; accepted: for example ["${field}", "IS", "a"]` }
        : { operator, field, value: parameter };
    default:
      return { problem: `${JSON.stringify(written)} is no operator; ${ACCEPTED}` };
  }
}

/** The row that a constraint came from, for messages: `rack MAX_PER 2`. */
export function describeConstraint(constraint: Constraint): string {
  const { field, operator } = constraint;
  switch (operator) {
    case 'UNIQUE':
      return `${field} UNIQUE`;
    case 'MAX_PER':
      return `${field} MAX_PER ${constraint.max}`;
    case 'GROUP_BY':
      return constraint.groups === undefined ? `${field} GROUP_BY` : `${field} GROUP_BY ${constraint.groups}`;
    case 'CLUSTER':
      return constraint.value === undefined ? `${field} CLUSTER` : `${field} CLUSTER ${constraint.value}`;
    case 'LIKE':
    case 'UNLIKE':
      return `${field} ${operator} ${constraint.pattern}`;
    case 'IS':
      return `${field} IS ${constraint.value}`;
  }
}

/**
 * Whether a pattern matches the whole value, as Marathon means it. In time that grows with the value's length only: a
 * pattern of a user's must not be able to hold up the worker.
 */
export function matchesPattern(pattern: string, value: string): boolean {
  return compiled(pattern).matches(value);
}

/** Compiled patterns; a placement asks each of them about every offer. */
const patterns = new Map<string, RE2JS>();
/** More than all clusters of a worker have. */
const MAX_PATTERNS = 1000;

function compiled(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known) return known;
  const made = RE2JS.compile(pattern);
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(pattern, made);
  return made;
}

/** Splits at the first two colons: a pattern may hold more of them. */
function splitRow(row: string): string[] {
  const match = /^([^:]*):([^:]*)(?::(.*))?$/s.exec(row);
  if (!match) return [row];
  const [, field = '', operator = '', parameter] = match;
  return parameter === undefined ? [field, operator] : [field, operator, parameter];
}

/** Whether placement can look at this: `hostname`, `@zone`, `@region` or what may be the name of an attribute. */
export function isField(field: string): boolean {
  return field === FIELD.ZONE || field === FIELD.REGION || FIELD_SYNTAX.test(field);
}

function positiveInteger(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;
}

function parsePattern(
  field: string,
  operator: 'LIKE' | 'UNLIKE',
  pattern: string | undefined,
): Constraint | { problem: string } {
  const example = `accepted: for example ["${field}", "${operator}", "rack-[1-3]"]`;
  if (pattern === undefined || pattern === '')
    return { problem: `${operator} needs a regular expression; ${example}` };
  try {
    compiled(pattern);
    return { operator, field, pattern };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      problem: `its regular expression is not valid (${why}; look-around and back-references are not taken); ${example}`,
    };
  }
}
