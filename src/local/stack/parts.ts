// The programs of a stack: how each is started and how one sees that it works. Pure but for the health checks and the
// file of agents that local Mesos reads.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { Agent, request } from 'undici';
import { applyFootprint, loadFootprint } from '../../temporal/index.ts';
import type { Program } from './processes.ts';
import type { StackFile, StackUrls } from './stack-file.ts';

export interface Part {
  program: Program;
  /** Resolves when the part works; throws while it does not. */
  check(): Promise<void>;
}

const SOURCE = fileURLToPath(new URL('../..', import.meta.url));
const HOST = '127.0.0.1';
/** Variables of Millrace that a user's shell may set and that mean the same to a local stack. */
const KEPT_VARIABLES = new Set(['MILLRACE_CACHE', 'MILLRACE_LOG_LEVEL']);
const CHECK_TIMEOUT_MS = 2_000;

const urlOf = (port: number): string => `http://${HOST}:${port}`;
const masterUrl = (port: number, mesos: StackFile['mesos']): string =>
  `${mesos?.tls ? 'https' : 'http'}://${HOST}:${port}`;

/** Everything listens on loopback. */
export function urlsOf(ports: StackFile['ports'], mesos: StackFile['mesos'] = {}): StackUrls {
  return {
    temporalAddress: `${HOST}:${ports.temporal}`,
    temporalUi: urlOf(ports.ui),
    mesos: masterUrl(ports.mesos, mesos),
    api: urlOf(ports.api),
  };
}

/** The part with this name: `temporal`, `mesos`, `api`, or `worker-<n>`. */
export function partOf(directory: string, file: StackFile, name: string): Part {
  const { urls } = file;
  const env = environmentOf(directory, file);
  const program = (command: string, args: string[], more: Record<string, string> = {}): Program => ({
    command,
    args,
    env: { ...env, ...more, ...(name === 'temporal' || name === 'mesos' ? {} : file.env) },
    cwd: directory,
    logFile: join(directory, 'logs', `${name}.log`),
  });
  const node = (script: string, args: string[], more: Record<string, string>) =>
    program(process.execPath, [join(SOURCE, script), ...args], more);
  if (name === 'temporal')
    return {
      program: program(file.components.temporalCli, temporalArgs(directory, file)),
      check: () => checkTemporal(urls.temporalAddress),
    };
  if (name === 'mesos')
    return {
      program: node('local/mesos/main.ts', mesosArgs(directory, file), {}),
      check: () => get(`${urls.mesos}/health`, file.mesos?.tls?.caFile),
    };
  if (name === 'api')
    return {
      program: node('api/main.ts', [], {
        MILLRACE_API_HOST: HOST,
        MILLRACE_API_PORT: String(file.ports.api),
        MILLRACE_TEMPORAL_UI_URL: urls.temporalUi,
        MILLRACE_ARTIFACTS: JSON.stringify(
          Object.fromEntries(
            Object.entries(file.components.kafka).map(([version, path]) => [version, { path }]),
          ),
        ),
        MILLRACE_JAVA: file.components.java,
      }),
      check: () => get(`${urls.api}/readyz`),
    };
  const health = file.ports.workers[Number(name.replace('worker-', '')) - 1];
  if (health === undefined) throw new Error(`a stack has no part ${name}`);
  return {
    program: node('worker.ts', [], {
      MILLRACE_MESOS_MASTERS: [
        urls.mesos,
        ...file.ports.standbyMasters.map((port) => masterUrl(port, file.mesos)),
      ].join(','),
      ...(file.mesos?.tls ? { MILLRACE_MESOS_CA_FILE: file.mesos.tls.caFile } : {}),
      MILLRACE_HEALTH_HOST: HOST,
      MILLRACE_HEALTH_PORT: String(health),
    }),
    check: () => get(`http://${HOST}:${health}/readyz`),
  };
}

function temporalArgs(directory: string, { ports }: StackFile): string[] {
  const { searchAttributes, namespace } = loadFootprint();
  return [
    'server',
    'start-dev',
    ...[
      '--ip',
      HOST,
      '--port',
      String(ports.temporal),
      '--ui-port',
      String(ports.ui),
      '--ui-disable-news-fetch',
    ],
    ...[
      '--db-filename',
      join(directory, 'temporal.db'),
      '--namespace',
      namespace.name,
      '--log-level',
      'warn',
    ],
    ...Object.entries(searchAttributes).flatMap(([key, type]) => ['--search-attribute', `${key}=${type}`]),
  ];
}

function mesosArgs(directory: string, file: StackFile): string[] {
  const { ports, agents, agentSpecs, heartbeatMs, mesos = {} } = file;
  const agentsFile = join(directory, 'agents.json');
  if (agentSpecs) writeFileSync(agentsFile, JSON.stringify(agentSpecs, null, 2));
  const flags = {
    state: join(directory, 'mesos'),
    port: ports.mesos,
    masters: ports.standbyMasters.length + 1,
    'standby-ports': ports.standbyMasters.join(','),
    agents: agents.count,
    cpus: agents.cpus,
    'mem-mb': agents.memMb,
    'disk-mb': agents.diskMb,
    'first-port': ports.agents,
    'heartbeat-ms': heartbeatMs,
    ...(agentSpecs ? { 'agents-file': agentsFile } : {}),
    ...(mesos.domain === undefined ? {} : { domain: mesos.domain }),
    ...(mesos.tls ? { 'tls-cert': mesos.tls.certFile, 'tls-key': mesos.tls.keyFile } : {}),
    ...(mesos.credentialsFile === undefined ? {} : { credentials: mesos.credentialsFile }),
  };
  return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
}

/** The user's environment without what would lead a part away from its own stack, such as a profile of Temporal Cloud. */
function environmentOf(directory: string, file: StackFile): NodeJS.ProcessEnv {
  const foreign = ([name]: [string, string | undefined]) =>
    !name.startsWith('TEMPORAL_') && (!name.startsWith('MILLRACE_') || KEPT_VARIABLES.has(name));
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(foreign)),
    TEMPORAL_ADDRESS: file.urls.temporalAddress,
    TEMPORAL_NAMESPACE: loadFootprint().namespace.name,
    TEMPORAL_CONFIG_FILE: join(directory, 'temporal.toml'),
  };
}

async function checkTemporal(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: CHECK_TIMEOUT_MS });
  try {
    const footprint = loadFootprint();
    await applyFootprint(connection, footprint, footprint.namespace.name);
  } finally {
    await connection.close();
  }
}

/** @param caFile the authority of an https url */
async function get(url: string, caFile?: string): Promise<void> {
  const dispatcher = new Agent(caFile === undefined ? {} : { connect: { ca: readFileSync(caFile, 'utf8') } });
  try {
    const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const { statusCode, body } = await request(url, { dispatcher, signal });
    const text = await body.text();
    if (statusCode >= 400) throw new Error(`${url} answers ${statusCode}: ${text.slice(0, 500)}`);
  } finally {
    await dispatcher.close();
  }
}
