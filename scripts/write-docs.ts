// Writes what is generated of the documentation: docs/errors.md, docs/openapi.json and docs/cli.md. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorsPage, openApiText } from '../src/api/documentation.ts';
import { cliPage } from '../src/cli/documentation.ts';
import { registerLocalCommands } from '../src/local/commands.ts';

const pages = {
  'docs/errors.md': errorsPage(),
  'docs/openapi.json': await openApiText(),
  'docs/cli.md': await cliPage(registerLocalCommands),
};
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
