// Paths of the real parts that tests use.

/** The Temporal CLI (a whole dev server). */
export async function temporalCliPath(): Promise<string> {
  return Promise.resolve(process.env['MILLRACE_TEMPORAL_CLI'] ?? '');
}
