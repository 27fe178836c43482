// Reads the recorded transcripts: one JSON object a line, in the order in which a real master and a client spoke.
import { readFileSync } from 'node:fs';

export interface Entry {
  t: number;
  dir: 'out' | 'in' | 'note';
  type: string;
  body: unknown;
  http?: {
    method?: string;
    path?: string;
    status?: number;
    headers?: Record<string, string>;
    raw?: boolean;
  };
  /** Which SUBSCRIBE stream an event came on. */
  stream?: string;
  record_len?: number;
}

export function readTranscript(file: string): Entry[] {
  return readFileSync(new URL(`../transcripts/${file}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}
