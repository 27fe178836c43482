// The routes of clusters and their nodes.
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { CLUSTER_STATUS, type ClusterState } from '../../model/cluster.ts';
import { MillraceError } from '../../model/errors.ts';
import type { Gateway } from '../gateway.ts';
import { clusterListSchema, clusterSchema, nodeListSchema, type ClusterSummary } from '../schemas/cluster.ts';
import { clusterParams, ERROR_RESPONSES, nodeParams, startHeaders } from '../schemas/common.ts';
import { whyView } from '../placement-views.ts';
import { whySchema } from '../schemas/placement.ts';
import { acceptedSchema, operationListSchema, replaceBody } from '../schemas/operation.ts';
import { acceptedView, brokerViews, clusterSummary, clusterView, type Links } from '../views.ts';
import { operationSummary } from './operations.ts';

/** The operations of a cluster that its list shows. */
const OPERATIONS_SHOWN = 100;

/** `/v1/clusters` and what is below it, but the installation. */
export function clusterRoutes({ gateway, links }: { gateway: Gateway; links: Links }): FastifyPluginAsyncZod {
  const living = async (name: string): Promise<ClusterState> => {
    const state = await gateway.cluster(name);
    if (state.status !== CLUSTER_STATUS.UNINSTALLED) return state;
    const last = state.history.at(-1)?.id;
    throw new MillraceError(
      'CLUSTER_NOT_FOUND',
      `There is no cluster ${name}: it was uninstalled${last === undefined ? '' : ` by ${last}`}. "millrace cluster list" shows those there are.`,
      { details: { cluster: name, ...(last === undefined ? {} : { operation: last }) } },
    );
  };
  return async (app) => {
    app.get(
      '/v1/clusters',
      {
        schema: {
          operationId: 'listClusters',
          tags: ['clusters'],
          summary: 'All clusters',
          description: 'Clusters that do not answer are listed with status UNKNOWN and the reason.',
          response: { 200: clusterListSchema, ...ERROR_RESPONSES },
        },
      },
      async () => ({ clusters: (await gateway.clusters()).map((found) => summaryOf(found, links)) }),
    );
    app.get(
      '/v1/clusters/:name',
      {
        schema: {
          operationId: 'getCluster',
          tags: ['clusters'],
          summary: 'One cluster with all its nodes',
          params: clusterParams,
          response: { 200: clusterSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params }) => clusterView(await living(params.name), links),
    );
    app.get(
      '/v1/clusters/:name/brokers',
      {
        schema: {
          operationId: 'listBrokers',
          tags: ['clusters'],
          summary: "A cluster's brokers",
          params: clusterParams,
          response: { 200: nodeListSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params }) => ({ brokers: brokerViews(await living(params.name)) }),
    );
    app.get(
      '/v1/clusters/:name/operations',
      {
        schema: {
          operationId: 'listOperationsOfCluster',
          tags: ['operations'],
          summary: "A cluster's operations, the newest first",
          description: 'Also those of a cluster that was uninstalled, as long as Temporal keeps them.',
          params: clusterParams,
          response: { 200: operationListSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params }) => {
        const found = await gateway.operations({ cluster: params.name, limit: OPERATIONS_SHOWN });
        if (found.length === 0) await gateway.cluster(params.name);
        return { operations: found.map((operation) => operationSummary(operation, links)) };
      },
    );
    app.get(
      '/v1/clusters/:name/why',
      {
        schema: {
          operationId: 'explainCluster',
          tags: ['clusters'],
          summary: 'Why nodes wait to be placed or launched',
          description:
            'What waits, what each agent lacks, what became of the last offers, and what a person can do. Changes nothing.',
          params: clusterParams,
          response: { 200: whySchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params }) => {
        await living(params.name);
        return whyView(await gateway.why(params.name));
      },
    );
    app.post(
      '/v1/clusters/:name/recover',
      {
        schema: {
          operationId: 'recoverCluster',
          tags: ['clusters'],
          summary: 'Start the nodes that are not READY again, where they are',
          description:
            'Millrace does so by itself when the task of a node ends. To be asked for after such a recovery was aborted.',
          params: clusterParams,
          headers: startHeaders,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params, headers, requestedBy }, reply) => {
        const accepted = await gateway.recover(params.name, { requestedBy }, headers['idempotency-key']);
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
    app.post(
      '/v1/clusters/:name/adopt',
      {
        schema: {
          operationId: 'adoptCluster',
          tags: ['clusters'],
          summary: 'Go on as a new Mesos framework after the one there was has been removed',
          description:
            'Takes over the reservations and volumes that the removed framework left, and starts the nodes on them again. ' +
            'Millrace never does so by itself: whoever removed the framework may have had a reason.',
          params: clusterParams,
          headers: startHeaders,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params, headers, requestedBy }, reply) => {
        const accepted = await gateway.adopt(params.name, { requestedBy }, headers['idempotency-key']);
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
    app.post(
      '/v1/clusters/:name/nodes/:node/replace',
      {
        schema: {
          operationId: 'replaceNode',
          tags: ['clusters'],
          summary: 'Give a node another agent, port and volume under its id',
          description:
            'Waits until Kafka can do without the data that the node has. What it held on its former agent is released, at once or ' +
            'when that agent comes back.',
          params: nodeParams,
          headers: startHeaders,
          body: replaceBody,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params, headers, body, requestedBy }, reply) => {
        const accepted = await gateway.replace(
          params.name,
          { requestedBy, node: params.node, ...body },
          headers['idempotency-key'],
        );
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
    app.delete(
      '/v1/clusters/:name',
      {
        schema: {
          operationId: 'uninstallCluster',
          tags: ['clusters'],
          summary: 'Uninstall a cluster and destroy its data',
          params: clusterParams,
          headers: startHeaders,
          response: { 202: acceptedSchema, ...ERROR_RESPONSES },
        },
      },
      async ({ params, headers, requestedBy }, reply) => {
        const accepted = await gateway.uninstall(params.name, { requestedBy }, headers['idempotency-key']);
        return reply.code(202).send(acceptedView(accepted, links));
      },
    );
  };
}

function summaryOf(
  { name, state }: { name: string; state: ClusterState | MillraceError },
  links: Links,
): ClusterSummary {
  if (!(state instanceof MillraceError)) return clusterSummary(state, links);
  return { name, status: 'UNKNOWN', problem: firstSentence(state.message), links: links.cluster(name) };
}

/** A list has room for what is wrong; what to do about it is told with the cluster itself. */
function firstSentence(message: string): string {
  return message.split('. ', 1)[0] ?? message;
}
