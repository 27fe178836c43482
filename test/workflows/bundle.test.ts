// What runs in the sandbox: the workflows, the model, and libraries that need no Node.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bundleWorkflows } from '../support/workflow-env.ts';

it('the bundle of workflows holds the rooms workflows and model and nothing else of ours', async () => {
  const { code } = await bundleWorkflows();
  const map = /sourceMappingURL=data:application\/json;[^,]*base64,([\w+/=]+)/.exec(code)?.[1] ?? '';
  const { sources } = JSON.parse(Buffer.from(map, 'base64').toString()) as { sources: string[] };
  const root = fileURLToPath(new URL('../../src/', import.meta.url));
  const rooms = new Set(
    sources.flatMap((source) => {
      const [, path] = source.split(root);
      return path === undefined ? [] : [path.split('/', 1)[0]];
    }),
  );
  expect([...rooms].sort()).toEqual(['model', 'workflows']);
  expect(sources.filter((source) => source.includes('node:'))).toEqual([]);
});
