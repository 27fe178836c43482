// The OpenAPI document, made of the routes' zod schemas, and the page that shows it.
import { readFileSync } from 'node:fs';
import fastifySwagger, { type SwaggerTransformObject } from '@fastify/swagger';
import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { tidyOpenApi } from './tidy-openapi.ts';

const DESCRIPTION = `Kafka clusters on Mesos. A request that starts an operation answers as soon as the operation is accepted; the
operation goes on by itself, whatever happens to this API, and is looked at under /v1/operations.

Errors are \`{"error": {"code", "message", ...}}\`; the codes are in docs/errors.md.`;

/** Registers the collection of routes; call it before the routes, and \`serveReference\` after them. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Millrace', version, description: DESCRIPTION, license: { name: 'Apache-2.0' } },
      tags: [
        { name: 'clusters', description: 'Kafka clusters and their nodes' },
        { name: 'operations', description: 'Changes to clusters: plans, steps, and what people tell them' },
        { name: 'health', description: 'The state of this process' },
      ],
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'Only where the API was started with MILLRACE_API_TOKEN_FILE',
          },
        },
      },
      security: [{}, { token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: componentsOf,
  });
}

const componentsOf: SwaggerTransformObject = (document) =>
  tidyOpenApi(jsonSchemaTransformObject(document) as object);

/** `/openapi.json`, and `/reference` which shows it; nothing of it is loaded from elsewhere. */
export async function serveReference(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(scalar, {
    routePrefix: '/reference',
    configuration: {
      url: '/openapi.json',
      title: 'Millrace API',
      withDefaultFonts: false,
      telemetry: false,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
  });
}
