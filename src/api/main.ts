// The API process. It starts whether or not Temporal answers, and says 503 TEMPORAL_UNREACHABLE until it does.
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { MillraceError } from '../model/errors.ts';
import { lazyClient } from '../temporal/index.ts';
import { buildApp } from './app.ts';
import { readApiConfig } from './config.ts';
import { createGateway } from './gateway.ts';

/** About two seconds: over a blink of the network, and then the truth. */
const TEMPORAL_ATTEMPTS = 5;

async function main(): Promise<void> {
  const { host, port, uiUrl, site, tokens, logLevel } = readApiConfig(process.env);
  const log = pino({ name: 'millrace-api', level: logLevel });
  const temporal = lazyClient({ maxAttempts: TEMPORAL_ATTEMPTS });
  const app = await buildApp({
    gateway: createGateway(temporal),
    namespace: temporal.namespace,
    site,
    logger: log,
    ...(uiUrl === undefined ? {} : { uiUrl }),
    ...(tokens ? { tokens } : {}),
  });
  const stop = (signal: NodeJS.Signals) => {
    log.info({ signal }, 'API stops');
    void app.close().then(() => temporal.connection.close());
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await app.listen({ host, port, listenTextResolver: (address) => `listening at ${address}` });
  const bound = app.server.address() as AddressInfo;
  const api = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  if (!tokens && !/^(127\.|::1$)/.test(bound.address))
    log.warn('everybody who reaches this address may install and uninstall: set MILLRACE_API_TOKEN_FILE');
  log.info(
    { api, reference: `${api}/reference`, temporal: temporal.address, namespace: temporal.namespace },
    'API is ready',
  );
}

try {
  await main();
} catch (error) {
  console.error(error instanceof MillraceError ? `millrace api: ${error.message}` : error);
  process.exitCode = 1;
}
