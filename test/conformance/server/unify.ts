// Compares a recorded value with one of local Mesos. Made-up ids are bound at first sight: the same recorded id must
// mean the same local id for the rest of the replay.
import { VOLATILE_KEYS } from './not-compared.ts';

/** Ids of masters, frameworks, agents, offers, streams and containers; base64 of 16 bytes. */
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const MADE_UP = new RegExp(`^(?:${UUID}(?<kind>-[OS]?)?\\d*|[A-Za-z0-9+/]{22}==)$`);

const IDS_WITHIN = new RegExp(`${UUID}(?:-[OS]\\d+)?`, 'g');

export interface Bindings {
  /** The text with every recorded id that is bound replaced by the local one. */
  substitute(text: string): string;
  /** Differences between the two, empty when they agree; binds new ids only when they do. */
  compare(recorded: unknown, actual: unknown): string[];
}

export function createBindings(): Bindings {
  let bound = new Map<string, string>();

  function substitute(text: string): string {
    let result = text;
    const longestFirst = [...bound].sort(([a], [b]) => b.length - a.length);
    for (const [recorded, actual] of longestFirst) result = result.replaceAll(recorded, actual);
    return result;
  }

  function text(recorded: string, actual: string, path: string): string[] {
    if (substitute(recorded) === actual) return [];
    const [theirs, ours] = [MADE_UP.exec(recorded), MADE_UP.exec(actual)];
    if (!bound.has(recorded) && theirs && ours && theirs.groups?.['kind'] === ours.groups?.['kind']) {
      bound.set(recorded, actual);
      return [];
    }
    if (bindWithin(recorded, actual)) return [];
    return [`${path}: recorded ${JSON.stringify(substitute(recorded))}, got ${JSON.stringify(actual)}`];
  }

  /** Binds the ids within two texts that agree but for them. */
  function bindWithin(recorded: string, actual: string): boolean {
    const [theirs, ours] = [recorded.match(IDS_WITHIN) ?? [], actual.match(IDS_WITHIN) ?? []];
    if (theirs.length === 0 || theirs.length !== ours.length || theirs[0] === recorded) return false;
    if (recorded.replace(IDS_WITHIN, '') !== actual.replace(IDS_WITHIN, '')) return false;
    return theirs.every((id, index) => text(id, ours[index] ?? '', '').length === 0);
  }

  function walk(recorded: unknown, actual: unknown, path: string): string[] {
    const key = path.slice(path.lastIndexOf('.') + 1);
    if (VOLATILE_KEYS[key] !== undefined && typeof recorded === typeof actual) return [];
    if (typeof recorded === 'string' && typeof actual === 'string') return text(recorded, actual, path);
    if (Array.isArray(recorded) && Array.isArray(actual)) {
      if (recorded.length !== actual.length)
        return [`${path}: recorded ${JSON.stringify(recorded)}, got ${JSON.stringify(actual)}`];
      return recorded.flatMap((item, index) => walk(item, actual[index], `${path}[${index}]`));
    }
    if (isObject(recorded) && isObject(actual)) {
      const keys = new Set([...Object.keys(recorded), ...Object.keys(actual)]);
      return [...keys].flatMap((name) => walk(recorded[name], actual[name], `${path}.${name}`));
    }
    return recorded === actual ? [] : [`${path}: recorded ${show(recorded)}, got ${show(actual)}`];
  }

  return {
    substitute,
    compare(recorded, actual) {
      const before = new Map(bound);
      const differences = walk(recorded, actual, '');
      if (differences.length > 0) bound = before;
      return differences;
    },
  };
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
