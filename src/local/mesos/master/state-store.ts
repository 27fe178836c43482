// Keeps the state in one file that is always whole: a new file is written beside it and put in its place.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyState } from './state.ts';
import type { State } from './state.ts';

export interface StateStore {
  /** The stored state, or an empty one when there is none. @throws Error when the file is of another version or broken */
  load(): State;
  /** Writes the whole state; it is there after the return, whatever happens to this process. */
  save(state: State): void;
}

/** A store in `<directory>/state.json`; the directory is created. */
export function openStateStore(directory: string): StateStore {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'state.json');
  const beside = `${file}.new`;
  return {
    load() {
      const text = readText(file);
      if (text === undefined) return emptyState();
      const state = JSON.parse(text) as State;
      if ((state.version as number) !== 1)
        throw new Error(
          `The state of local Mesos in ${file} has version ${state.version}, this one reads version 1. Nothing was changed; give another --state directory.`,
        );
      // What a later build of the same version added is empty in older files.
      return { ...emptyState(), ...state };
    },
    save(state) {
      writeFileSync(beside, JSON.stringify(state));
      renameSync(beside, file);
    },
  };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
