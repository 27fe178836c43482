// What a failed call to Temporal says about its cause: the gRPC status, wherever it hides in a chain of errors.

/** The statuses of gRPC that Millrace tells apart. */
export const GRPC = {
  CANCELLED: 1,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The gRPC status of an error or of the nearest cause that has one; null when no call failed. */
export function grpcCodeOf(error: unknown): number | null {
  for (let current = error; current instanceof Error; current = current.cause)
    if ('code' in current && typeof current.code === 'number') return current.code;
  return null;
}

/** Whether an error says that the server could not be reached, as opposed to what the server answered. */
export function isUnreachable(error: unknown): boolean {
  const code = grpcCodeOf(error);
  if (code === GRPC.UNAVAILABLE || code === GRPC.DEADLINE_EXCEEDED) return true;
  return code === null && error instanceof Error && /connect/i.test(error.message);
}

/** The innermost message of an error: what really went wrong. */
export function reasonOf(error: unknown): string {
  let current = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  if (!(current instanceof Error)) return String(current);
  const told = 'details' in current && typeof current.details === 'string' ? current.details : '';
  const text = told === '' ? current.message : told;
  // gRPC wraps the system's own words.
  return /Last error: (?:Error: )?(.*?)\. Resolution note/.exec(text)?.[1] ?? text.replace(/\.$/, '');
}
