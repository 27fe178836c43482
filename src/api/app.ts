// Composition root of the API: everything it needs is passed in, so that tests drive it with `inject()`.
import { randomUUID } from 'node:crypto';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { SiteDefaults } from '../model/spec/parse.ts';
import { identifyCallers, type Tokens } from './auth.ts';
import type { Gateway } from './gateway.ts';
import { handleErrors } from './http-errors.ts';
import { describeApi, serveReference } from './openapi.ts';
import { applyRoutes } from './routes/apply.ts';
import { changeRoutes } from './routes/changes.ts';
import { clusterRoutes } from './routes/clusters.ts';
import { healthRoutes } from './routes/health.ts';
import { installRoute } from './routes/install.ts';
import { operationRoutes } from './routes/operations.ts';
import { createLinks } from './views.ts';

export interface AppOptions {
  gateway: Gateway;
  /** Temporal namespace, for links. */
  namespace: string;
  /** Base URL of the Temporal UI, for links; without it there are none. */
  uiUrl?: string;
  /** What specs need not say. */
  site?: SiteDefaults;
  /** @default nobody needs a token */
  tokens?: Tokens;
  /** @default no log */
  logger?: FastifyBaseLogger;
}

/** A spec is a page; this is far beyond it. */
const BODY_LIMIT_BYTES = 512 * 1024;
/** Names with folders are long once they are URL-encoded. */
const MAX_PARAM_LENGTH = 1_000;

/** The API, ready for `inject()` or `listen()`. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { gateway, namespace, uiUrl, site = {}, tokens, logger } = options;
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true }),
    ...(logger ? { loggerInstance: logger } : {}),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  logChanges(app);
  handleErrors(app);
  identifyCallers(app, tokens);
  await describeApi(app);
  const links = createLinks(namespace, uiUrl);
  await app.register(installRoute({ gateway, links, site }));
  await app.register(applyRoutes({ gateway, links, site }));
  await app.register(changeRoutes({ gateway, links, site }));
  await app.register(clusterRoutes({ gateway, links }));
  await app.register(operationRoutes({ gateway, links }));
  await app.register(healthRoutes({ gateway }));
  await serveReference(app);
  await app.ready();
  return app;
}

/** Who asked for a change is worth a line; those who only look (a watch does, twice a second) are not. */
function logChanges(app: FastifyInstance): void {
  app.addHook('onResponse', async ({ method, url, requestedBy, log }, { statusCode, elapsedTime }) => {
    const level = method === 'GET' || method === 'HEAD' ? 'debug' : 'info';
    log[level]({ method, url, requestedBy, statusCode, tookMs: Math.round(elapsedTime) }, 'answered');
  });
}
