// Schemas that every part of the API uses: errors, links, names in paths, who asks.
import { z } from 'zod';
import { ERRORS, type ErrorBody, type ErrorCode, type Issue } from '../../model/errors.ts';

const issueSchema = z
  .object({
    path: z.string().describe('Dotted path of the field, e.g. brokers.heapMb; empty for the whole document'),
    message: z.string().describe('What it was, which rule it breaks, what would be accepted'),
    line: z.int().exactOptional().describe('Line in the YAML or JSON text, from 1'),
    column: z.int().exactOptional().describe('Column in that line, from 1'),
  })
  .meta({ id: 'Issue', description: 'One thing that is wrong with an input' }) satisfies z.ZodType<Issue>;

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

const errorBodySchema = z
  .object({
    code: z.enum(codes).describe('Code of the table of errors; programs decide by it'),
    message: z
      .string()
      .describe('What was tried, on what, why it failed, what was left as it was, what to do next'),
    issues: z.array(issueSchema).exactOptional().describe('Everything that is wrong with the input'),
    details: z.record(z.string(), z.unknown()).exactOptional().describe('Facts that help to act on it'),
  })
  .meta({
    id: 'ErrorBody',
    description: 'An error of the table in docs/errors.md',
  }) satisfies z.ZodType<ErrorBody>;

/** The body of every answer that is not a success. */
export const errorSchema = z
  .object({ error: errorBodySchema })
  .meta({ id: 'Error', description: 'The answer to a request that was not carried out' });

/** The answers that any route may give beside its own. */
export const ERROR_RESPONSES = { '4xx': errorSchema, '5xx': errorSchema } as const;

/** Paths that take a cluster. */
export const clusterParams = z.object({
  name: z.string().min(1).describe('Name of the cluster; a name with folders is URL-encoded: team%2Forders'),
});

/** Paths that take a node of a cluster. */
export const nodeParams = clusterParams.extend({
  node: z.string().min(1).describe('Name of the node: broker-0, controller-1'),
});

/** Paths that take an operation. */
export const operationParams = z.object({
  id: z
    .string()
    .min(1)
    .describe('Id of the operation, URL-encoded: orders%2Finstall%231 is orders/install#1'),
});

const HEADER_LIMIT = 200;

/** Headers of requests that change something. */
export const requestHeaders = z.object({
  'x-requested-by': z
    .string()
    .max(HEADER_LIMIT)
    .exactOptional()
    .describe('Who asks; shown with the operation. Where tokens are in use, the name of the token counts'),
});

/** Headers of requests that start an operation. */
export const startHeaders = requestHeaders.extend({
  'idempotency-key': z
    .string()
    .min(1)
    .max(HEADER_LIMIT)
    .exactOptional()
    .describe(
      'The same key with the same request returns the same operation instead of starting a second one',
    ),
});
