// What a real master finds wrong with the offer constraints of a framework. Texts as recorded; RE2's words for a broken
// pattern are known where a recording has them.

/** The problem of offer constraints; undefined when there is none. */
export function offerConstraintsProblem(
  constraints: Record<string, unknown> | undefined,
  roles: readonly string[],
): string | undefined {
  const byRole = fieldsOf(constraints?.['role_constraints']);
  for (const [role, given] of Object.entries(byRole)) {
    if (!roles.includes(role))
      return `Offer constraints specify \`role_constraints\` for a role '${role}'not contained in the set of roles`;
    const problem = roleProblem(role, given);
    if (problem !== undefined) return `Offer constraints are not valid: ${problem}`;
  }
  return undefined;
}

function roleProblem(role: string, given: unknown): string | undefined {
  const groups = listOf(fieldsOf(given)['groups']);
  if (groups.length === 0)
    return `'OfferConstraints::role_constraints' has an empty 'RoleConstraints::groups' for role ${role}`;
  for (const constraint of groups.flatMap((group) => listOf(fieldsOf(group)['attribute_constraints'])))
    for (const predicate of Object.values(fieldsOf(fieldsOf(constraint)['predicate']))) {
      const problem = patternProblem(fieldsOf(predicate)['regex']);
      if (problem !== undefined) return `A role ${role} has an invalid 'AttributeConstraint': ${problem}`;
    }
  return undefined;
}

function patternProblem(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string') return undefined;
  try {
    new RegExp(pattern);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const known = why.includes('Unterminated group') ? 'missing )' : 'invalid regular expression';
    return `Failed to construct regex from pattern '${pattern}': ${known}: ${pattern}`;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
