// The routes of operations: look at them, and tell them what to do.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { OPERATION_STATE } from '../../model/cluster.ts';
import type { Gateway, PersonMessage } from '../gateway.ts';
import type { FoundOperation } from '../listing.ts';
import { ERROR_RESPONSES, operationParams, requestHeaders } from '../schemas/common.ts';
import {
  abortBody,
  approveBody,
  operationListSchema,
  operationSchema,
  pauseBody,
  planSchema,
  retryBody,
  skipBody,
  type OperationSummary,
} from '../schemas/operation.ts';
import { operationView, type Links } from '../views.ts';

const listQuery = z.object({
  cluster: z.string().min(1).exactOptional().describe('Only operations of this cluster'),
  state: z
    .enum(OPERATION_STATE)
    .exactOptional()
    .describe('Only operations in this state; FAILED finds what waits for a person'),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('At most this many'),
});

/** What a person may tell an operation: path, message of the contract, body. */
const MESSAGES = [
  { path: 'pause', message: 'pause', summary: 'Begin no further step', body: pauseBody },
  { path: 'resume', message: 'resume', summary: 'Go on after a pause', body: pauseBody },
  { path: 'retry', message: 'retryStep', summary: 'Run a FAILED step again', body: retryBody },
  { path: 'skip', message: 'skipStep', summary: 'Leave a FAILED step undone and go on', body: skipBody },
  {
    path: 'approve',
    message: 'approve',
    summary: 'Go on where a step waits for approval',
    body: approveBody,
  },
  { path: 'abort', message: 'abort', summary: 'Stop here and leave everything as it is', body: abortBody },
] as const satisfies { path: string; message: PersonMessage; summary: string; body: z.ZodType<object> }[];

/** `/v1/operations` and what is below it. */
export function operationRoutes({
  gateway,
  links,
}: {
  gateway: Gateway;
  links: Links;
}): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/v1/operations',
      {
        schema: {
          operationId: 'listOperations',
          tags: ['operations'],
          summary: 'Operations of all clusters, the newest first',
          querystring: listQuery,
          response: { 200: operationListSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ query }) => ({
        operations: (await gateway.operations(query)).map((operation) => operationSummary(operation, links)),
      }),
    );
    app.get(
      '/v1/operations/:id',
      {
        schema: {
          operationId: 'getOperation',
          tags: ['operations'],
          summary: 'One operation: its plan with all that happened so far',
          params: operationParams,
          response: { 200: operationSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params }) => operationView(await gateway.progress(params.id), links),
    );
    app.get(
      '/v1/operations/:id/plan',
      {
        schema: {
          operationId: 'getPlan',
          tags: ['operations'],
          summary: 'The plan of an operation, as it was accepted',
          params: operationParams,
          response: { 200: planSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params }) => gateway.plan(params.id),
    );
    for (const { path, message, summary, body } of MESSAGES)
      app.post(
        `/v1/operations/:id/${path}`,
        {
          schema: {
            operationId: `${path}Operation`,
            tags: ['operations'],
            summary,
            description:
              'Refused, and nothing changed, when the operation has ended or the step is not failed.',
            params: operationParams,
            headers: requestHeaders,
            body: body as z.ZodType<object>,
            response: { 200: operationSchema, ...ERROR_RESPONSES },
          },
          // Where nothing has to be said, nothing need be sent.
          preValidation: async (request) => {
            request.body ??= {};
          },
        },
        async (request) => {
          const argument = { ...request.body, by: request.requestedBy };
          return operationView(await gateway.tell(request.params.id, message, argument), links);
        },
      );
  };
}

/** An operation as lists show it. */
export function operationSummary(found: FoundOperation, links: Links): OperationSummary {
  return { ...found, links: links.operation(found.id) };
}
