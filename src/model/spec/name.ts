// Names of clusters, and what is derived from them: the Mesos role, and a form without slashes.

/** Longest name; it is part of workflow ids, roles, framework ids and labels. */
const MAX_NAME_LENGTH = 200;
/** RFC 1035: lower case, since DNS does not tell cases apart and Temporal's ids do. */
const DNS_LABEL = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** `kafka/<name>/session` is the id of a cluster's session: a cluster of that name would take it. */
const RESERVED_SEGMENT = 'session';

const ACCEPTED =
  'accepted: one or more parts of up to 63 lower-case letters, digits and hyphens with "/" between them, each beginning ' +
  `with a letter and not ending with a hyphen, ${MAX_NAME_LENGTH} characters in all, for example orders or team/orders`;

/** What is wrong with a cluster's name, as the end of the sentence "name is …, but"; null when nothing is. */
export function nameProblem(name: string): string | null {
  if (name === '') return `must not be empty; ${ACCEPTED}`;
  if (name.length > MAX_NAME_LENGTH) return `has ${name.length} characters; ${ACCEPTED}`;
  for (const segment of name.split('/')) {
    if (!DNS_LABEL.test(segment))
      return `its part ${JSON.stringify(segment)} breaks the rules of DNS; ${ACCEPTED}`;
    if (segment === RESERVED_SEGMENT)
      return `no part may be "${RESERVED_SEGMENT}", which Millrace uses in the ids of workflows; ${ACCEPTED}`;
  }
  return null;
}

/**
 * A cluster's name without slashes: folders are joined with `__`, as DC/OS did. Two names never give one slug, since
 * DNS labels hold no underscore.
 */
export function slugOf(name: string): string {
  return name.replaceAll('/', '__');
}

/** The Mesos role of a cluster: the spec's, else `<slug>-role`. */
export function roleOf(spec: { name: string; role?: string | undefined }): string {
  return spec.role ?? `${slugOf(spec.name)}-role`;
}

/** What is wrong with a Mesos role, as the end of a sentence; null when nothing is. Source: Mesos' roles::validate. */
export function roleProblem(role: string): string | null {
  const accepted = 'accepted: a Mesos role such as orders-role or team/orders';
  if (role === '*') return `is the role of what nobody has reserved; ${accepted}`;
  if (role.length > 255) return `has ${role.length} characters; ${accepted}, up to 255 characters`;
  const parts = role.split('/');
  if (parts.some((part) => part === ''))
    return `must not be empty, nor begin or end with "/" nor hold "//"; ${accepted}`;
  if (parts.some((part) => part === '.' || part === '..' || part === '*'))
    return `no part of it may be ".", ".." or "*"; ${accepted}`;
  if (parts.some((part) => part.startsWith('-'))) return `no part of it may begin with "-"; ${accepted}`;
  if (!/^[^\s\\\p{Cc}]+$/u.test(role))
    return `must hold no white space, backslash or control character; ${accepted}`;
  return null;
}
