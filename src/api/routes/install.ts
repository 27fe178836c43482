// The route that installs a cluster. Apart from the others, since its body is text: what is wrong with a spec is shown with
// line and column, for JSON and YAML alike.
import { validatorCompiler, type FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { SiteDefaults } from '../../model/spec/parse.ts';
import { parseSpecText } from '../../model/spec/parse-text.ts';
import type { Gateway } from '../gateway.ts';
import { acceptSpecText, formatOf } from '../spec-text.ts';
import { specRequestSchema } from '../schemas/cluster.ts';
import { ERROR_RESPONSES, startHeaders } from '../schemas/common.ts';
import { preflightView } from '../placement-views.ts';
import { preflightSchema } from '../schemas/placement.ts';
import { acceptedSchema } from '../schemas/operation.ts';
import { acceptedView, type Links } from '../views.ts';

/** Strict: a misspelt `dryRun` must not install. */
const installQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .exactOptional()
    .describe('true: says whether the cluster would fit now, and installs nothing'),
});

/** `POST /v1/clusters` with a spec as JSON or YAML. */
export function installRoute(options: {
  gateway: Gateway;
  links: Links;
  site: SiteDefaults;
}): FastifyPluginAsyncZod {
  const { gateway, links, site } = options;
  return async (app) => {
    acceptSpecText(app);
    app.post(
      '/v1/clusters',
      {
        schema: {
          operationId: 'installCluster',
          tags: ['clusters'],
          summary: 'Install a cluster',
          description:
            'Answers as soon as the operation is accepted; follow links.operation. A spec that is refused changes nothing. With ' +
            'dryRun=true nothing is installed: the answer tells which node would go where, or why it does not fit.',
          consumes: ['application/json', 'application/yaml'],
          querystring: installQuery,
          headers: startHeaders,
          body: specRequestSchema,
          response: { 200: preflightSchema, 202: acceptedSchema, ...ERROR_RESPONSES },
        },
        // The schema above describes the body; it is checked as text, together with the rules between fields.
        validatorCompiler: (part) =>
          part.httpPart === 'querystring'
            ? validatorCompiler(part as unknown as Parameters<typeof validatorCompiler>[0])
            : (value: unknown) => ({ value }),
      },
      async ({ body, headers, query, requestedBy }, reply) => {
        const spec = parseSpecText(
          (body as unknown as string | undefined) ?? '',
          formatOf(headers['content-type']),
          site,
        );
        if (query.dryRun === 'true')
          return reply.code(200).send(preflightView(spec, await gateway.preflight(spec)));
        const accepted = await gateway.install({ spec, requestedBy }, headers['idempotency-key']);
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
  };
}
