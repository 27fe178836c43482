// How placement says amounts: the way Mesos' own tools do, with the three decimals that Mesos keeps.

/** `0.5`, `2.0`. */
export function showCpus(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(thousandths(value) / 1000);
}

/** `1034 MB`. */
export function showMb(value: number): string {
  return `${thousandths(value) / 1000} MB`;
}

/** As a whole number of thousandths: sums of floats do no harm to a comparison. */
export function thousandths(value: number): number {
  return Math.round(value * 1000);
}

/** `cpus 1.5, mem 1024 MB`; what is 0 is left out. */
export function showAmounts({
  cpus,
  memMb,
  diskMb,
}: {
  cpus: number;
  memMb: number;
  diskMb: number;
}): string {
  return [
    ...(cpus > 0 ? [`cpus ${showCpus(cpus)}`] : []),
    ...(memMb > 0 ? [`mem ${showMb(memMb)}`] : []),
    ...(diskMb > 0 ? [`disk ${showMb(diskMb)}`] : []),
  ].join(', ');
}
