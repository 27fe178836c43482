// The routes that bring a cluster to another spec, or say what that would do. Apart from others, since their body is text.
import { validatorCompiler, type FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { ApplyRequest } from '../../model/change-request.ts';
import { MillraceError } from '../../model/errors.ts';
import type { SiteDefaults } from '../../model/spec/parse.ts';
import { parseSpecText } from '../../model/spec/parse-text.ts';
import type { Gateway } from '../gateway.ts';
import { acceptSpecText, formatOf } from '../spec-text.ts';
import { appliedSchema, applyQuery, changePlanSchema } from '../schemas/change.ts';
import { specRequestSchema } from '../schemas/cluster.ts';
import { clusterParams, ERROR_RESPONSES, startHeaders } from '../schemas/common.ts';
import type { Links } from '../views.ts';
import { applyOrNothing } from './apply-or-nothing.ts';
import { commonOf } from './changes.ts';

type Query = z.output<typeof applyQuery>;

/** `POST /v1/clusters/:name/plan` and `…/apply` with a spec as JSON or YAML. */
export function applyRoutes(options: {
  gateway: Gateway;
  links: Links;
  site: SiteDefaults;
}): FastifyPluginAsyncZod {
  const { gateway, links, site } = options;
  return async (app) => {
    acceptSpecText(app);
    for (const path of ['plan', 'apply'] as const)
      app.post(
        `/v1/clusters/:name/${path}`,
        {
          schema: {
            operationId: `${path}Spec`,
            tags: ['clusters'],
            summary: path === 'plan' ? 'What a spec would change' : 'Bring a cluster to another spec',
            description:
              path === 'plan'
                ? 'Per node and per key: what Kafka can change while it runs, which nodes are restarted and why, which replicas move. Changes nothing.'
                : 'Runs the plan that the same spec gives with /plan; with ?plan=<hash> just that one. A spec that the cluster has already changes nothing.',
            consumes: ['application/json', 'application/yaml'],
            querystring: applyQuery,
            params: clusterParams,
            headers: startHeaders,
            body: specRequestSchema,
            response:
              path === 'plan'
                ? { 200: changePlanSchema, ...ERROR_RESPONSES }
                : { 200: appliedSchema, 202: appliedSchema, ...ERROR_RESPONSES },
          },
          // The schema above describes the body; it is checked as text, together with the rules between fields.
          validatorCompiler: (part) =>
            part.httpPart === 'body'
              ? (value: unknown) => ({ value })
              : validatorCompiler(part as unknown as Parameters<typeof validatorCompiler>[0]),
        },
        async (request, reply) => {
          const { name } = request.params;
          const text = (request.body as unknown as string | undefined) ?? '';
          const spec = parseSpecText(text, formatOf(request.headers['content-type']), site);
          if (spec.name !== name)
            throw new MillraceError(
              'REQUEST_INVALID',
              `The spec is of cluster ${spec.name}, but cluster ${name} was asked for; nothing was changed. Accepted: the same name in both.`,
            );
          const query = request.query;
          const change: ApplyRequest & { queue?: boolean } = {
            kind: 'apply',
            spec,
            requestedBy: request.requestedBy,
            ...optionsOf(query),
          };
          if (path === 'plan') return reply.code(200).send(await gateway.planChange(name, change));
          return applyOrNothing(reply, links, () =>
            gateway.change(name, change, request.headers['idempotency-key']),
          );
        },
      );
  };
}

function optionsOf(query: Query): Omit<ApplyRequest, 'kind' | 'spec' | 'requestedBy'> & { queue?: boolean } {
  const { plan, queue, rebalance, remove, throttleBytesPerSecond, window, reason } = query;
  return {
    ...commonOf({
      ...(plan === undefined ? {} : { planHash: plan }),
      ...(queue === undefined ? {} : { queue: queue === 'true' }),
      ...(window === undefined ? {} : { window }),
      ...(reason === undefined ? {} : { reason }),
    }),
    ...(rebalance === undefined ? {} : { rebalance: rebalance === 'true' }),
    ...(remove === undefined
      ? {}
      : { remove: remove.split(',').map((node) => (/^\d+$/.test(node) ? `broker-${node}` : node)) }),
    ...(throttleBytesPerSecond === undefined ? {} : { throttleBytesPerSecond }),
  };
}
