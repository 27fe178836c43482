// How figures are printed: one line each, with its goal where there is one.

/** Name, value with its unit, goal. */
export type Row = [name: string, value: string, goal?: string];

export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  for (const [name, value, goal] of rows)
    console.log(`${name.padEnd(50)}${value.padEnd(34)}${goal === undefined ? '' : `goal ${goal}`}`.trimEnd());
}
