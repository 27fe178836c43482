#!/usr/bin/env node
// Starts the `millrace` command. The project brings its own Node: when the one that runs this is too old, it hands over.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_NEEDED) {
  await import('../src/cli/main.ts');
} else {
  const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
  if (!existsSync(own)) {
    console.error(
      `millrace: this is Node ${process.versions.node}, and Millrace needs ${NODE_MAJOR_NEEDED} or newer. ` +
        'Run "npm ci" in its folder (it brings Node on Linux), or install Node 24.',
    );
    process.exit(1);
  }
  const { status, signal } = spawnSync(own, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(signal ? 1 : (status ?? 1));
}
