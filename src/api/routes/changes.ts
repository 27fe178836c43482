// The routes that change a cluster which serves, but for the spec.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { ChangeRequest } from '../../model/change-request.ts';
import { MillraceError } from '../../model/errors.ts';
import type { MaintenanceHours } from '../../model/maintenance-hours.ts';
import { parseSpec, type SiteDefaults } from '../../model/spec/parse.ts';
import type { Gateway } from '../gateway.ts';
import {
  appliedSchema,
  hoursOf,
  nodeChangeBody,
  rebalanceBody,
  restartBody,
  scaleBody,
} from '../schemas/change.ts';
import { clusterParams, ERROR_RESPONSES, nodeParams, startHeaders } from '../schemas/common.ts';
import { acceptedSchema } from '../schemas/operation.ts';
import { acceptedView, type Links } from '../views.ts';
import { scaledSpec } from '../scaled-spec.ts';
import { applyOrNothing } from './apply-or-nothing.ts';

interface Common {
  reason?: string;
  queue?: boolean;
  planHash?: string;
  window?: string;
}

/**
 * What every change has in common, as the workflows take it.
 *
 * @throws MillraceError REQUEST_INVALID when the hours cannot be read
 */
export function commonOf({ reason, queue, planHash, window }: Common): {
  reason?: string;
  queue?: boolean;
  planHash?: string;
  window?: MaintenanceHours;
} {
  const hours = hoursOf(window);
  if (hours === null)
    throw new MillraceError(
      'REQUEST_INVALID',
      `window is ${JSON.stringify(window)}, but must be hours of the day in UTC; nothing was changed. Accepted: 22:00-06:00, or "sat,sun 02:00-06:00"`,
    );
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(queue === undefined ? {} : { queue }),
    ...(planHash === undefined ? {} : { planHash }),
    ...(hours === undefined ? {} : { window: hours }),
  };
}

/** `/v1/clusters/:name/restart` and its like. */
export function changeRoutes({
  gateway,
  links,
  site,
}: {
  gateway: Gateway;
  links: Links;
  site: SiteDefaults;
}): FastifyPluginAsyncZod {
  return async (app) => {
    app.post(
      '/v1/clusters/:name/restart',
      {
        schema: {
          operationId: 'restartCluster',
          tags: ['clusters'],
          summary: 'Restart nodes one after the other',
          description:
            'Each is stopped when Kafka can do without it, and the next begins when it is in sync again. Controllers first, the one that leads last.',
          params: clusterParams,
          headers: startHeaders,
          body: restartBody,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
        preValidation: emptyBody,
      },
      async ({ params, headers, body, requestedBy }, reply) => {
        const { nodes, rack, ...rest } = body;
        const accepted = await gateway.change(
          params.name,
          {
            kind: 'restart',
            requestedBy,
            ...commonOf(rest),
            ...(nodes === undefined ? {} : { nodes }),
            ...(rack === undefined ? {} : { rack }),
          },
          headers['idempotency-key'],
        );
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
    app.post(
      '/v1/clusters/:name/rebalance',
      {
        schema: {
          operationId: 'rebalanceCluster',
          tags: ['clusters'],
          summary: 'Move replicas until all brokers have their share',
          description:
            'The operation computes a proposal with as few moves as can be, shows it, and waits for the approval of just that (unless it is approved beforehand).',
          params: clusterParams,
          headers: startHeaders,
          body: rebalanceBody,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
        preValidation: emptyBody,
      },
      async ({ params, headers, body, requestedBy }, reply) => {
        const { approved, throttleBytesPerSecond, ...rest } = body;
        const accepted = await gateway.change(
          params.name,
          {
            kind: 'rebalance',
            requestedBy,
            ...commonOf(rest),
            ...(approved === undefined ? {} : { approved }),
            ...(throttleBytesPerSecond === undefined ? {} : { throttleBytesPerSecond }),
          },
          headers['idempotency-key'],
        );
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
    app.post(
      '/v1/clusters/:name/scale',
      {
        schema: {
          operationId: 'scaleCluster',
          tags: ['clusters'],
          summary: 'Change the number of brokers or controllers',
          description:
            'As an apply of the present spec with other counts. New brokers get their share of the replicas; brokers that go are emptied first.',
          params: clusterParams,
          headers: startHeaders,
          body: scaleBody,
          response: { 200: appliedSchema, 202: appliedSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params, headers, body, requestedBy }, reply) => {
        const { brokers, controllers, remove, rebalance, throttleBytesPerSecond, ...rest } = body;
        const { spec: before } = await gateway.cluster(params.name);
        const spec = parseSpec(scaledSpec(before, { brokers, controllers, remove }), site);
        return applyOrNothing(reply, links, () =>
          gateway.change(
            params.name,
            {
              kind: 'apply',
              spec,
              requestedBy,
              ...commonOf(rest),
              ...(remove === undefined ? {} : { remove: remove.map(nodeName) }),
              ...(rebalance === undefined ? {} : { rebalance }),
              ...(throttleBytesPerSecond === undefined ? {} : { throttleBytesPerSecond }),
            },
            headers['idempotency-key'],
          ),
        );
      },
    );
    for (const [path, kind, summary] of [
      ['pause', 'pauseNode', 'Stop a broker and keep it stopped; its volume stays'],
      ['resume', 'resumeNode', 'Start a broker that is kept stopped'],
      ['restart', 'restart', 'Restart one node, when Kafka can do without it'],
    ] as const)
      app.post(
        `/v1/clusters/:name/nodes/:node/${path}`,
        {
          schema: {
            operationId: `${path}Node`,
            tags: ['clusters'],
            summary,
            params: nodeParams,
            headers: startHeaders,
            body: nodeChangeBody,
            response: { 202: acceptedSchema, ...ERROR_RESPONSES },
          },
          preValidation: emptyBody,
        },
        async (request, reply) => {
          const { params, headers, requestedBy } = request;
          const body = request.body;
          const common = { requestedBy, ...commonOf(body) };
          const change: ChangeRequest & { queue?: boolean } =
            kind === 'restart'
              ? { kind, nodes: [params.node], ...common }
              : { kind, node: params.node, ...common };
          const accepted = await gateway.change(params.name, change, headers['idempotency-key']);
          return reply.code(202).send(acceptedView(accepted, links));
        },
      );
  };
}

/** Where nothing has to be said, nothing need be sent. */
async function emptyBody(request: { body?: unknown }): Promise<void> {
  request.body ??= {};
}

/** `3` is short for `broker-3`. */
function nodeName(text: string): string {
  return /^\d+$/.test(text) ? `broker-${text}` : text;
}
