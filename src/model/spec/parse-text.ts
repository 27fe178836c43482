// Reads a spec from YAML or JSON text, so that what is wrong is shown with its line and column. Apart from `parse.ts`,
// since workflows have no use for a YAML parser.
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { Issue } from '../errors.ts';
import { checkSpec, specInvalid, type SiteDefaults } from './parse.ts';
import type { Path, Problem } from './problems.ts';
import type { ClusterSpec } from './schema.ts';

/** A spec is a page or two; beyond this it is not one. */
const MAX_TEXT_LENGTH = 262_144;

/**
 * As `parseSpec`, from text. Without a format the text is read as YAML, which includes JSON.
 *
 * @throws MillraceError SPEC_INVALID; its issues have line and column, counted from 1
 */
export function parseSpecText(
  text: string,
  format: 'yaml' | 'json' = 'yaml',
  site: SiteDefaults = {},
): ClusterSpec {
  if (text.length > MAX_TEXT_LENGTH)
    throw specInvalid([
      { path: '', message: `the spec has ${text.length} characters; accepted: up to ${MAX_TEXT_LENGTH}` },
    ]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    ...(format === 'json' ? { schema: 'json' } : {}),
  });
  if (format === 'json') refuseBadJson(text, lines);
  // What JSON allows and YAML does not (tabs) is no error of JSON; the same key twice is one in both.
  const errors = document.errors.filter(({ code }) => format === 'yaml' || code === 'DUPLICATE_KEY');
  if (errors.length > 0) throw specInvalid(errors.map((error) => syntaxIssue(error, format)));
  const checked = checkSpec(format === 'json' ? JSON.parse(text) : toValue(document), site);
  if ('spec' in checked) return checked.spec;
  throw specInvalid(checked.problems.map((problem) => located(problem, document, lines)));
}

function toValue(document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Too many aliases: a small text that would become a huge value.
    throw specInvalid([
      {
        path: '',
        message: `the spec cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      },
    ]);
  }
}

/** JSON is stricter than the YAML that includes it: no comments, no bare words. */
function refuseBadJson(text: string, lines: LineCounter): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = /at position (\d+)/.exec(message)?.[1];
    const { line, col } = lines.linePos(offset === undefined ? text.length : Number(offset));
    const what = message.replace(/(, (\.\.\.)?"| at position \d+| in JSON).*$/s, '');
    throw specInvalid([
      {
        path: '',
        message: `the spec is not valid JSON: ${what}`,
        line: Math.max(line, 1),
        column: Math.max(col, 1),
      },
    ]);
  }
}

function syntaxIssue(
  error: { message: string; linePos?: readonly { line: number; col: number }[] },
  format: string,
): Issue {
  const [start] = error.linePos ?? [];
  // The first line says what is wrong; a picture of the text follows, with the position that we give as numbers.
  const what = (error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  return {
    path: '',
    message: `the spec is not valid ${format === 'json' ? 'JSON' : 'YAML'}: ${what}`,
    ...(start ? { line: start.line, column: start.col } : {}),
  };
}

function located({ path, on, message }: Problem, document: Document, lines: LineCounter): Issue {
  const offset = offsetOf(document, path, on);
  const { line, col } = lines.linePos(offset);
  return { path: path.join('.'), message, line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** Where a value or its key begins; for what is missing, where the nearest map around it begins. */
function offsetOf(document: Document, path: Path, on: 'key' | 'value'): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (on === 'key' && length === path.length && isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair && isNode(pair.key) && pair.key.range) return pair.key.range[0];
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}
