// Writes what is generated of the documentation. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { GENERATED_PAGES, generatePage } from './generated-docs.ts';

const stale: string[] = [];
for (const path of GENERATED_PAGES) {
  const file = new URL(`../${path}`, import.meta.url);
  const text = await generatePage(path);
  if (read(file) === text) continue;
  stale.push(path);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
}
if (stale.length === 0) console.log('the generated pages are as the code says');
else if (process.argv.includes('--check')) {
  console.error(`not as the code says: ${stale.join(', ')}. Run "node scripts/write-docs.ts".`);
  process.exitCode = 1;
} else console.log(`written: ${stale.join(', ')}`);

function read(file: URL): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
