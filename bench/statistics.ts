// The few statistics that the measurements print.

/** The q-quantile (0 to 1) of some numbers, by the nearest rank; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

/** `5.39 s (4.80–6.10)`: median with the range, of milliseconds. */
export function seconds(valuesMs: readonly number[]): string {
  const show = (valueMs: number) => (valueMs / 1000).toFixed(2);
  return `${show(median(valuesMs))} s (${show(Math.min(...valuesMs))}–${show(Math.max(...valuesMs))})`;
}
