// What a real master finds wrong with a FrameworkInfo. Texts as recorded.
import type { FrameworkDescription } from '../wire/call-types.ts';

/** The problem of a framework that subscribes or is updated; undefined when there is none. */
export function frameworkProblem(
  info: FrameworkDescription,
  suppressedRoles: readonly string[],
  earlier: FrameworkDescription | undefined,
): string | undefined {
  return (
    rolesProblem(info) ??
    timeoutProblem(info) ??
    suppressedProblem(rolesOf(info), suppressedRoles) ??
    (earlier && earlier.principal !== info.principal
      ? "Changing framework's principal is not allowed."
      : undefined)
  );
}

/** The roles of a framework; one without MULTI_ROLE has its one `role`. */
export function rolesOf(info: FrameworkDescription): string[] {
  return isMultiRole(info) ? (info.roles ?? []) : [info.role ?? '*'];
}

function isMultiRole(info: FrameworkDescription): boolean {
  return info.capabilities?.some(({ type }) => type === 'MULTI_ROLE') ?? false;
}

function rolesProblem(info: FrameworkDescription): string | undefined {
  const roles = info.roles ?? [];
  if (isMultiRole(info) && info.role !== undefined)
    return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  if (!isMultiRole(info) && roles.length > 0)
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  const twice = [...new Set(roles.filter((role, index) => roles.indexOf(role) !== index))];
  if (twice.length > 0) return `'FrameworkInfo.roles' contains duplicate items: { ${twice.join(', ')} }`;
  const invalid = roles.map(roleProblem).find((problem) => problem !== undefined);
  return invalid === undefined ? undefined : `'FrameworkInfo.roles' contains invalid role: ${invalid}`;
}

function roleProblem(role: string): string | undefined {
  if (role === '') return 'Empty role name is invalid';
  if (role === '*') return undefined;
  if (role.startsWith('/')) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith('/')) return `Role '${role}' cannot end with a slash`;
  if (role.includes('//')) return `Role '${role}' cannot contain two adjacent slashes`;
  for (const component of role.split('/')) {
    if (['.', '..', '*'].includes(component)) return `Role component '${component}' is invalid`;
    if (component.startsWith('-'))
      return `Role component '${component}' is invalid because it starts with a dash`;
    if (/[\s\u0008]/.test(component))
      return `Role component '${component}' is invalid because it contains backspace or whitespace`;
  }
  return undefined;
}

/** A duration of Mesos is an int64 of nanoseconds. */
const MAX_TIMEOUT_SECONDS = 9_223_372_036;

function timeoutProblem({ failover_timeout: seconds = 0 }: FrameworkDescription): string | undefined {
  return Math.abs(seconds) > MAX_TIMEOUT_SECONDS
    ? `The framework failover_timeout (${String(seconds)}) is invalid`
    : undefined;
}

function suppressedProblem(roles: readonly string[], suppressed: readonly string[]): string | undefined {
  const foreign = suppressed.filter((role) => !roles.includes(role));
  return foreign.length > 0
    ? `Suppressed roles { ${foreign.join(', ')} } are not contained in the set of roles`
    : undefined;
}
