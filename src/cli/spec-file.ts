// The file with a spec that a command is given.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { MillraceError } from '../model/errors.ts';

export interface SpecFile {
  /** Name of the file, for errors. */
  name: string;
  text: string;
  format: 'yaml' | 'json';
}

/** Reads a spec; `-` is standard input. @throws MillraceError REQUEST_INVALID when it cannot be read */
export async function readSpec(file: string): Promise<SpecFile> {
  try {
    if (file === '-') {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return { name: '<stdin>', text: Buffer.concat(chunks).toString('utf8'), format: 'yaml' };
    }
    return {
      name: file,
      text: await readFile(file, 'utf8'),
      format: file.endsWith('.json') ? 'json' : 'yaml',
    };
  } catch (error) {
    throw new MillraceError(
      'REQUEST_INVALID',
      `The spec ${file} could not be read, and nothing was asked: ${(error as Error).message}.`,
      { cause: error },
    );
  }
}

/** The cluster that a spec is of. All else is checked by the API, which says line and column. @throws MillraceError SPEC_INVALID */
export function nameInSpec({ name: file, text }: SpecFile): string {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    value = undefined;
  }
  const name = (value as { name?: unknown } | null | undefined)?.name;
  if (typeof name === 'string' && name !== '') return name;
  throw new MillraceError(
    'SPEC_INVALID',
    `${file} says no name of a cluster, and nothing was asked. Accepted: a spec in YAML or JSON with a line such as "name: orders".`,
  );
}
