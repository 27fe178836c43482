// The route that installs a cluster. Apart from the others, since its body is text: what is wrong with a spec is shown with
// line and column, for JSON and YAML alike.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { SiteDefaults } from '../../model/spec/parse.ts';
import { parseSpecText } from '../../model/spec/parse-text.ts';
import type { Gateway } from '../gateway.ts';
import { specRequestSchema } from '../schemas/cluster.ts';
import { ERROR_RESPONSES, startHeaders } from '../schemas/common.ts';
import { acceptedSchema } from '../schemas/operation.ts';
import { acceptedView, type Links } from '../views.ts';

const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** `POST /v1/clusters` with a spec as JSON or YAML. */
export function installRoute(options: {
  gateway: Gateway;
  links: Links;
  site: SiteDefaults;
}): FastifyPluginAsyncZod {
  const { gateway, links, site } = options;
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      ['application/json', ...YAML_TYPES],
      { parseAs: 'string' },
      (_request, text, done) => {
        done(null, text);
      },
    );
    app.post(
      '/v1/clusters',
      {
        schema: {
          operationId: 'installCluster',
          tags: ['clusters'],
          summary: 'Install a cluster',
          description:
            'Answers as soon as the operation is accepted; follow links.operation. A spec that is refused changes nothing.',
          consumes: ['application/json', 'application/yaml'],
          headers: startHeaders,
          body: specRequestSchema,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
        // The schema above describes the body; it is checked as text, together with the rules between fields.
        validatorCompiler: () => (value: unknown) => ({ value }),
      },
      async ({ body, headers, requestedBy }, reply) => {
        const format = headers['content-type']?.startsWith('application/json') === true ? 'json' : 'yaml';
        const spec = parseSpecText((body as unknown as string | undefined) ?? '', format, site);
        const accepted = await gateway.install({ spec, requestedBy }, headers['idempotency-key']);
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
  };
}
