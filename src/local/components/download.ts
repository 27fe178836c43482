// Downloads one file over HTTPS with retries, and keeps it only when its sha256 is the expected one.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';

/** Tries of one file; the pause between them doubles from FIRST_PAUSE_MS. */
const TRIES = 5;
const FIRST_PAUSE_MS = 500;
/** Silence of the other side after which a try is given up. */
const SILENCE_TIMEOUT_MS = 30_000;

export interface Download {
  url: string;
  /** Where the file goes; directories are made. */
  file: string;
  sha256: string;
  /** Called with the bytes that arrived since the last call; negative when a try is begun again. */
  onBytes?: (bytes: number) => void;
}

let proxyAgent: EnvHttpProxyAgent | undefined;

/**
 * Downloads a file. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured.
 *
 * @throws Error which names the URL and the last cause, when all tries have failed; the file is not there then
 */
export async function download(options: Download): Promise<void> {
  await mkdir(dirname(options.file), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      await tryOnce(options);
      return;
    } catch (error) {
      await rm(options.file, { force: true });
      if (attempt === TRIES || error instanceof Refused)
        throw new Error(`${options.url} could not be downloaded in ${attempt} tries: ${reasonOf(error)}`, {
          cause: error,
        });
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (attempt - 1)));
    }
  }
}

/** An answer that another try will not change. */
class Refused extends Error {}

async function tryOnce({ url, file, sha256, onBytes = () => undefined }: Download): Promise<void> {
  proxyAgent ??= new EnvHttpProxyAgent({
    bodyTimeout: SILENCE_TIMEOUT_MS,
    headersTimeout: SILENCE_TIMEOUT_MS,
  });
  const response = await fetch(url, { dispatcher: proxyAgent });
  if (!response.ok || !response.body) {
    const text = `the server answered ${response.status} ${response.statusText}`;
    throw response.status === 404 || response.status === 403 ? new Refused(text) : new Error(text);
  }
  const hash = createHash('sha256');
  let counted = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counted += chunk.length;
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body), count, createWriteStream(file));
    const got = hash.digest('hex');
    if (got !== sha256) throw new Error(`its sha256 is ${got}, expected ${sha256}`);
  } catch (error) {
    onBytes(-counted);
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
