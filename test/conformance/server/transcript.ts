// Reads the recordings of a real Mesos.
import { readFileSync } from 'node:fs';

export interface Line {
  t: number;
  dir: 'in' | 'out' | 'note';
  type: string;
  body: unknown;
  stream?: string;
  chunk_len?: number;
  http?: {
    method?: string;
    path?: string;
    port?: number;
    raw?: boolean;
    status?: number;
    headers?: Record<string, string>;
  };
}

/** The lines of a recording, in order. */
export function readTranscript(name: string): Line[] {
  return readFileSync(new URL(`../transcripts/${name}.jsonl`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
