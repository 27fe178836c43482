// Writes what is generated of the documentation: docs/errors.md and docs/openapi.json. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorsPage, openApiText } from '../src/api/documentation.ts';

const pages = { 'docs/errors.md': errorsPage(), 'docs/openapi.json': await openApiText() };
const stale = Object.entries(pages).filter(([path, text]) => read(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale)
    console.error(`${path} is not what the code says: run "node scripts/write-docs.ts"`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) writeFileSync(full(path), text);
  console.log(stale.length > 0 ? `written: ${stale.map(([path]) => path).join(', ')}` : 'nothing to write');
}

function read(path: string): string | null {
  try {
    return readFileSync(full(path), 'utf8');
  } catch {
    return null;
  }
}

function full(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
