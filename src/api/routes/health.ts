// Whether the process lives, and whether it can work.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Gateway } from '../gateway.ts';
import { ERROR_RESPONSES } from '../schemas/common.ts';

const okSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Health', description: 'All is well' });

/** `/healthz` and `/readyz`; neither wants a token. */
export function healthRoutes({ gateway }: { gateway: Gateway }): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/healthz',
      {
        schema: {
          operationId: 'health',
          tags: ['health'],
          summary: 'Whether the process lives',
          response: { 200: okSchema },
        },
      },
      async () => ({ status: 'ok' as const }),
    );
    app.get(
      '/readyz',
      {
        schema: {
          operationId: 'ready',
          tags: ['health'],
          summary: 'Whether Temporal answers, so that requests can be taken',
          response: { 200: okSchema, ...ERROR_RESPONSES },
        },
      },
      async () => {
        await gateway.ready();
        return { status: 'ok' as const };
      },
    );
  };
}
