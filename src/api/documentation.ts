// The parts of the documentation that are made of the code, so that they can't disagree with it.
import { ERRORS } from '../model/errors.ts';
import { buildApp } from './app.ts';
import type { Gateway } from './gateway.ts';

const REACTIONS = {
  retry: 'ask again: it passes by itself',
  wait: 'wait: something outside has to change',
  person: 'somebody has to act',
} as const;

/** docs/errors.md */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { title, status, exit, reaction }]) =>
      `| \`${code}\` | ${title} | ${status} | ${exit} | ${REACTIONS[reaction]} |`,
  );
  return [
    '# Errors',
    '',
    '<!-- Written by "node scripts/write-docs.ts" from src/model/errors.ts. -->',
    '',
    'Every error that Millrace reports has a code of this table. The API answers',
    '`{"error": {"code", "message", "issues"?, "details"?}}` with the HTTP status; the command prints the message and',
    'exits with the exit code. A workflow that refuses a message fails the update with the code as the type.',
    'The message says what was tried, on what, why it failed, what was left as it was, and what to do next.',
    '`issues` names each wrong field of an input, with line and column where the input was text.',
    '',
    '| code | meaning | HTTP | exit | what to do |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    'Exit codes of the command: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 an operation waits for a',
    'person, 6 refused.',
    '',
  ].join('\n');
}

/** docs/openapi.json */
export async function openApiText(): Promise<string> {
  // No request is made, so nothing is asked of the gateway.
  const app = await buildApp({ gateway: {} as Gateway, namespace: 'default' });
  try {
    return `${JSON.stringify(app.swagger(), null, 2)}\n`;
  } finally {
    await app.close();
  }
}
