// How errors become answers: {error: ErrorBody} with the status of the table.
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ERRORS, MillraceError, toErrorBody, type Issue } from '../model/errors.ts';
import { showValue, valueAt } from '../model/spec/problems.ts';

/** Installs the handlers for errors and for paths that do not exist. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => answer(asMillraceError(error, request), request, reply));
  app.setNotFoundHandler((request, reply) => answer(noSuchPath(request), request, reply));
}

function answer(error: MillraceError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, reaction } = ERRORS[error.code];
  const level = error.code === 'INTERNAL' ? 'error' : status >= 500 ? 'warn' : 'info';
  request.log[level]({ code: error.code, ...(error.cause ? { err: error.cause } : {}) }, error.message);
  if (reaction === 'retry' && status === 503) void reply.header('retry-after', '2');
  if (error.code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer');
  return reply.code(status).send({ error: toErrorBody(error) });
}

/** ` is 0` for what was sent; nothing where nothing was, or only a whole text of a body. */
function sayValue(request: FastifyRequest, part: string, path: string): string {
  if (path === '' || !['body', 'querystring', 'params', 'headers'].includes(part)) return '';
  const sent = part === 'querystring' ? request.query : request[part as 'body' | 'params' | 'headers'];
  const value = valueAt(sent, path.split('.'));
  return value === undefined ? '' : ` is ${showValue(value)}`;
}

function asMillraceError(error: unknown, request: FastifyRequest): MillraceError {
  if (error instanceof MillraceError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message }): Issue => ({
      path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: message ?? 'is not valid',
    }));
    const part = (error as FastifyError).validationContext ?? 'request';
    const first = issues
      .map(({ path, message }) => `${path === '' ? 'it' : path}${sayValue(request, part, path)}: ${message}`)
      .join('; ');
    return new MillraceError(
      'REQUEST_INVALID',
      `${name(request)} was refused and nothing was changed. Its ${part}: ${first}.`,
      {
        issues,
      },
    );
  }
  const status = (error as Partial<FastifyError>).statusCode ?? 500;
  const message = error instanceof Error ? error.message : String(error);
  if (status < 500)
    return new MillraceError(
      'REQUEST_INVALID',
      `${name(request)} was refused and nothing was changed: ${message}.`,
      { cause: error },
    );
  return new MillraceError(
    'INTERNAL',
    `${name(request)} met an error of Millrace's own. The log of the API tells more about request ${request.id}.`,
    { cause: error },
  );
}

function noSuchPath(request: FastifyRequest): MillraceError {
  const hint = /^\/v1\/(clusters|operations)\/.+\//.test(request.url)
    ? ' A name with folders and an operation id are URL-encoded: "/" is %2F, "#" is %23.'
    : '';
  return new MillraceError(
    'NOT_FOUND',
    `There is no ${name(request)}.${hint} /reference shows what there is.`,
  );
}

function name(request: FastifyRequest): string {
  return `${request.method} ${request.url}`;
}
