#!/usr/bin/env node
// Starts the `millrace` command. The project brings its own Node: when the one that runs this is too old, it hands over.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_NEEDED) {
  await import('../src/cli/main.ts');
} else {
  handOver(fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url)));
}

/** Runs the same command with another Node and ends as it ends. */
function handOver(node) {
  if (!existsSync(node)) {
    console.error(
      `millrace: this is Node ${process.versions.node}, and Millrace needs ${NODE_MAJOR_NEEDED} or newer. ` +
        'Run "npm ci" in its folder (it brings Node on Linux), or install Node 24.',
    );
    process.exit(1);
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us; passing it on would make it two.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  child.on('error', (error) => {
    console.error(`millrace: ${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
