// Parses JSON text and words its errors as a real master does: the line, and the text from where the parser gave up.

export type JsonResult = { value: unknown } | { error: string };

/** Parses a whole body; `error` is what a real master answers after "Failed to parse body into JSON: ". */
export function parseJsonText(text: string): JsonResult {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const at = firstErrorAt(text);
    if (at.trailing)
      return { error: `Parsed JSON included non-whitespace trailing characters: ${text.slice(at.position)}` };
    const line = text.slice(0, at.position).split('\n').length;
    const near = text.slice(at.position).split('\n', 1)[0] ?? '';
    return { error: `syntax error at line ${line} near: ${near}` };
  }
}

/** A value may not be nested deeper than this, so that a hostile body cannot exhaust the stack. */
const MAX_DEPTH = 500;

/** Where a text stops being JSON. Only called for texts that JSON.parse refused. */
function firstErrorAt(text: string): { position: number; trailing: boolean } {
  let at = 0;
  const skip = (): void => {
    while (' \t\r\n'.includes(text[at] ?? 'x')) at++;
  };
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found !== null;
  };
  const members = (close: RegExp, member: () => boolean): boolean => {
    at++;
    skip();
    if (eat(close)) return true;
    for (;;) {
      skip();
      if (!member()) return false;
      skip();
      if (eat(close)) return true;
      if (!eat(/,/y)) return false;
    }
  };
  const value = (depth: number): boolean => {
    if (depth > MAX_DEPTH) return false;
    skip();
    if (text[at] === '{')
      return members(/\}/y, () => {
        if (!eat(STRING)) return false;
        skip();
        return eat(/:/y) && value(depth + 1);
      });
    if (text[at] === '[') return members(/\]/y, () => value(depth + 1));
    return eat(STRING) || eat(NUMBER) || eat(/true|false|null/y);
  };
  const complete = value(0);
  return { position: at, trailing: complete };
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
