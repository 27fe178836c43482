// How results are printed: a table for people, JSON or YAML for programs.
import type { Io } from './io.ts';

export const FORMATS = ['table', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Prints a value as JSON or YAML, or what `table` makes of it. */
export async function print(io: Io, format: Format, value: unknown, table: () => string): Promise<void> {
  switch (format) {
    case 'table':
      io.out(`${table().trimEnd()}\n`);
      return;
    case 'json':
      io.out(`${JSON.stringify(value, null, 2)}\n`);
      return;
    case 'yaml': {
      const { stringify } = await import('yaml');
      io.out(stringify(value));
      return;
    }
  }
}

/** Columns under their headings; null and undefined are shown as a dash. */
export function columns(headings: string[], rows: (string | number | null | undefined)[][]): string {
  const cells = [
    headings,
    ...rows.map((row) =>
      row.map((cell) => (cell === null || cell === undefined || cell === '' ? '-' : String(cell))),
    ),
  ];
  const widths = headings.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Names and values, one a line. */
export function fields(entries: [string, string | number | null | undefined][]): string {
  const shown = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `4 d 2 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `2026-11-24 14:05:09`, in UTC. */
export function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
