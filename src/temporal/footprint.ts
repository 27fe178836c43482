// What Millrace expects of a Temporal server, as declared by temporal.yaml at the root of the project.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { MillraceError, type Issue } from '../model/errors.ts';

/** Types of search attributes, by the names that Temporal's own tools use. */
export const ATTRIBUTE_TYPES = [
  'Text',
  'Keyword',
  'Int',
  'Double',
  'Bool',
  'Datetime',
  'KeywordList',
] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

const port = z.int().min(0).max(65535);
const duration = z
  .string()
  .regex(/^[1-9]\d*[hd]$/, 'accepted: a whole number of hours or days, such as 72h or 30d')
  .transform((text) => Number(text.slice(0, -1)) * (text.endsWith('d') ? 24 : 1) * 3600);

const scheduleSchema = z.strictObject({
  /** Type of the workflow that is started. */
  workflow: z.string().min(1),
  every: duration,
});

const footprintSchema = z
  .strictObject({
    version: z.literal(1),
    namespace: z.strictObject({ name: z.string().min(1), retention: duration }),
    searchAttributes: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/), z.enum(ATTRIBUTE_TYPES)),
    taskQueues: z.strictObject({
      main: z.strictObject({
        name: z.string().min(1),
        maxConcurrentActivities: z.int().min(1).max(100_000),
        // The SDK refuses 1: a worker that keeps workflows in its cache needs two pollers.
        maxConcurrentWorkflowTasks: z.int().min(2).max(10_000),
      }),
      session: z.strictObject({
        namePattern: z.string().includes('{process}'),
        maxConcurrentActivities: z.int().min(1).max(100_000),
      }),
    }),
    schedules: z.record(z.string(), scheduleSchema).default({}),
    devServer: z.strictObject({ host: z.string().min(1), port, uiPort: port }),
  })
  .transform(({ namespace: { name, retention }, ...rest }) => ({
    ...rest,
    namespace: { name, retentionSeconds: retention },
  }));

/** temporal.yaml, checked. */
export type Footprint = z.output<typeof footprintSchema>;

/** The file that ships with Millrace. */
export const FOOTPRINT_PATH = fileURLToPath(new URL('../../temporal.yaml', import.meta.url));

/**
 * Reads and checks temporal.yaml.
 *
 * @throws MillraceError REQUEST_INVALID with an issue (line and column) for each mistake
 */
export function loadFootprint(path: string = FOOTPRINT_PATH): Footprint {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new MillraceError('REQUEST_INVALID', `${path} could not be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  return parseFootprint(text, path);
}

/** Checks the text of a temporal.yaml; `path` is for messages. Errors as `loadFootprint`. */
export function parseFootprint(text: string, path: string): Footprint {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0)
    throw refused(
      path,
      document.errors.map(({ message, pos }) => ({
        path: '',
        message: message.split(' at line ')[0]!,
        ...position(lines, pos[0]),
      })),
    );
  const parsed = footprintSchema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  throw refused(
    path,
    parsed.error.issues.map((issue) => {
      const keys = issue.path.map(String);
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
      return {
        path: keys.join('.'),
        message: issue.message,
        ...position(lines, offsetOf(document, unknown === undefined ? keys : [...keys, unknown])),
      };
    }),
  );
}

function refused(path: string, issues: Issue[]): MillraceError {
  const lines = issues.map(
    ({ path: field, message, line, column }) =>
      `${path}:${line ?? 1}:${column ?? 1}: ${field ? `${field}: ` : ''}${message}`,
  );
  return new MillraceError('REQUEST_INVALID', `temporal.yaml was refused. ${lines.join('; ')}`, { issues });
}

function position(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Where a field stands in the text; where its nearest parent does when it is missing. */
function offsetOf(document: Document, path: string[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
