// Makes the archive of classes with which the test server's JVM starts in a third of the time.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ensureEntry } from './cache.ts';

/** A start takes about 2 s; a machine that needs longer goes on without the archive. */
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
/** Below the range from which Linux picks ports for outgoing connections. */
const FIRST_PORT = 12_000;
const PORTS = 8_000;

/**
 * Runs the test server once in `directory` and keeps the classes that it loaded as `classes/archive.jsa`. The archive
 * names the jars' absolute paths, so this happens where they stay. It only saves time: a failure leaves none, and the
 * JVM starts without it.
 */
export async function ensureClassArchive(
  directory: string,
  java: string,
  jvmOptions: readonly string[],
): Promise<void> {
  try {
    await ensureEntry(join(directory, 'classes'), (work) =>
      record(directory, java, [
        ...jvmOptions,
        '-Xlog:disable',
        `-XX:ArchiveClassesAtExit=${join(work, 'archive.jsa')}`,
      ]).then(() => {
        if (!existsSync(join(work, 'archive.jsa'))) throw new Error('no archive was written');
      }),
    );
  } catch {
    // As said above: without it, too, everything works.
  }
}

async function record(directory: string, java: string, options: readonly string[]): Promise<void> {
  const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
  const args = [...options, '-cp', `${directory}/libs/*`, 'io.temporal.testserver.TestServer', String(port)];
  const child = spawn(java, args, { stdio: 'ignore' });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    child.on('error', () => {
      resolve();
    });
    child.on('close', () => {
      resolve();
    });
  }).then(() => {
    ended = true;
  });
  const stopMs = Date.now() + START_TIMEOUT_MS;
  while (!ended && Date.now() < stopMs && !(await isOpen(port)))
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  child.kill('SIGTERM');
  await end;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
