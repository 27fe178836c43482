// What users read about the command is what it says itself.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatePage } from '../../scripts/generated-docs.ts';

describe('docs/cli.md', () => {
  it('has exactly the commands and options that there are', async () => {
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    expect(page, 'run "node scripts/write-docs.ts" and look at what changed').toBe(
      await generatePage('docs/cli.md'),
    );
  });
});
