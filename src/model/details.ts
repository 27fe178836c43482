// Markdown for the current details of a workflow in the Temporal UI, which are limited.

/** Temporal refuses current details over 20 kB. */
const MAX_BYTES = 18_000;
/** A line beyond this would push others out; what it says at length is in the queries. */
const MAX_LINE_CHARACTERS = 1_000;

/**
 * Joins lines to a text within Temporal's limit. `head` and `tail` are kept whole as far as possible; of `body`, which may be
 * long, as many lines as there is room for, and `more(hidden)` says how many were left out.
 */
export function fitDetails(parts: {
  head: readonly string[];
  body: readonly string[];
  tail: readonly string[];
  more: (hidden: number) => string;
}): string {
  const [head, body, tail] = [parts.head, parts.body, parts.tail].map((lines) => lines.map(cut));
  let room = MAX_BYTES - sizeOf([...head!, ...tail!, parts.more(body!.length)]);
  const shown: string[] = [];
  for (const line of body!) {
    room -= sizeOf([line]);
    if (room < 0) break;
    shown.push(line);
  }
  const hidden = body!.length - shown.length;
  return [...head!, ...shown, ...(hidden > 0 ? [parts.more(hidden)] : []), ...tail!].join('\n').trimEnd();
}

/** Text without line ends: as one item of a list, or one line of a terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}

/** Text as one cell of a Markdown table. */
export function tableCell(text: string): string {
  return oneLine(text.replaceAll('|', '\\|'));
}

function cut(line: string): string {
  return line.length <= MAX_LINE_CHARACTERS ? line : `${line.slice(0, MAX_LINE_CHARACTERS)}…`;
}

/** Bytes of lines with their ends, in UTF-8. */
function sizeOf(lines: readonly string[]): number {
  return lines.reduce((bytes, line) => bytes + new TextEncoder().encode(line).length + 1, 0);
}
