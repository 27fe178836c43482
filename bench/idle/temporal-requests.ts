// How often Temporal was asked for what, from the dev server's own metrics.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Requests to the frontend by operation since the server started; null when its metrics cannot be had. */
export async function requestsByOperation(stackDirectory: string): Promise<Map<string, number> | null> {
  const log = readFileSync(join(stackDirectory, 'logs', 'temporal.log'), 'utf8');
  const url = /https?:\/\/\S+\/metrics/.exec(log)?.[0];
  if (url === undefined) return null;
  const text = await (await fetch(url.replace('localhost', '127.0.0.1'))).text();
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^service_requests\{(.*)\} (\S+)$/.exec(line);
    if (!match || !/service_name="frontend"/.test(match[1]!)) continue;
    const operation = /operation="([^"]*)"/.exec(match[1]!)?.[1] ?? '';
    counts.set(operation, (counts.get(operation) ?? 0) + Number(match[2]));
  }
  return counts;
}

/** `RecordActivityTaskHeartbeat 48.2/s, …`: the most frequent between two looks. */
export function ratesOf(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  seconds: number,
): { perSecond: number; most: string } {
  const rates = [...after]
    .map(([operation, count]) => ({
      operation,
      perSecond: (count - (before.get(operation) ?? 0)) / seconds,
    }))
    .filter(({ perSecond }) => perSecond >= 0.1)
    .sort((a, b) => b.perSecond - a.perSecond);
  return {
    perSecond: rates.reduce((total, { perSecond }) => total + perSecond, 0),
    most: rates
      .slice(0, 4)
      .map(({ operation, perSecond }) => `${operation} ${perSecond.toFixed(1)}/s`)
      .join(', '),
  };
}
