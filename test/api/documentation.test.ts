// What users read about errors and the API is what the code does.
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatePage } from '../../scripts/generated-docs.ts';
import { openApiText } from '../../src/api/documentation.ts';

const docs = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const HINT = 'run "node scripts/write-docs.ts" and look at what changed';

interface Operation {
  operationId?: string;
  summary?: string;
  responses: Record<string, unknown>;
  parameters?: { name: string; description?: string }[];
}
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: object };
};

describe('the documentation', () => {
  it('has exactly the errors of the table', async () => {
    expect(docs('errors.md'), HINT).toBe(await generatePage('docs/errors.md'));
  });

  it('has exactly the fields of the schema', async () => {
    const page = await generatePage('docs/spec.md');
    expect(docs('spec.md'), HINT).toBe(page);
    for (const text of ['`kafka.config`', '`brokers.disk.sizeMb`', '1 to 1000', '`log.dirs`'])
      expect(page).toContain(text);
  });

  it('has exactly the API of the routes', async () => {
    expect(docs('openapi.json'), HINT).toBe(await generatePage('docs/openapi.json'));
  });

  it('names every variable that the code reads', () => {
    const root = new URL('../../', import.meta.url).pathname;
    const code = globSync('{src,bin}/**/*.{ts,js}', { cwd: root }).map((path) =>
      readFileSync(`${root}${path}`, 'utf8'),
    );
    const read = new Set(code.flatMap((text) => text.match(/\bMILLRACE_[A-Z_]*[A-Z]/g) ?? []));
    const page = docs('configuration.md');
    expect(read.size).toBeGreaterThan(10);
    expect([...read].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('describes each route and each parameter', async () => {
    const document = JSON.parse(await openApiText()) as Document;
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.length).toBeGreaterThan(12);
    for (const { operationId, summary, parameters = [] } of operations) {
      expect(operationId).toBeDefined();
      expect(summary, operationId).toBeDefined();
      expect(
        parameters.filter(({ description }) => !description),
        operationId,
      ).toEqual([]);
    }
    expect(Object.keys(document.components.schemas).filter((name) => name.endsWith('Input'))).toEqual([]);
  });

  it('names every path of the API in docs/api.md', async () => {
    const document = JSON.parse(await openApiText()) as Document;
    const page = docs('api.md');
    const named = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(named.filter((line) => !page.includes(line))).toEqual([]);
  });
});
