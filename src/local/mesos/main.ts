// Runs local Mesos as a program of its own.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { DomainInfo } from '../../mesos/types.ts';
import { agentSpecsSchema, reservationProblem } from './agent-spec.ts';
import { startLocalMesos } from './index.ts';
import type { AgentSpec } from './index.ts';
import type { Acls } from './master/acls.ts';
import { aclsSchema, credentialsSchema } from './security-files.ts';

const USAGE = `Usage: node src/local/mesos/main.ts --state <dir> [flags]

Local Mesos: a Mesos master and its agents in one process, for trials and tests. Its tasks are real processes.

  --state <dir>          state file, sandboxes and volumes; made when missing, taken up when there
  --port <port>          of the master on 127.0.0.1; 0 picks a free one (default 0)
  --agents <n>           agents to have, on 127.0.0.1 to 127.0.0.<n> (default 4)
  --cpus <n>             of each agent (default 8)
  --mem-mb <n>           of each agent (default 16384)
  --disk-mb <n>          of each agent (default 100000)
  --agents-file <file>   JSON array of agents instead of the four flags above: cpus, memMb, diskMb, and as wanted hostname,
                         attributes, ports, domain, disks, reservations, reservedTo (as POST /local/agents takes them)
  --domain <region/zone> fault domain of the master
  --tls-cert <file>      serve https with this certificate (PEM), with --tls-key
  --tls-key <file>
  --credentials <file>   JSON as Mesos' own: {"credentials": [{"principal": "p", "secret": "s"}]}; others get 401
  --acls <file>          JSON as Mesos' own: {"register_frameworks": [{"principals": ..., "roles": ...}]}
  --first-port <port>    first port that agents offer, 100 each (default 21000)
  --heartbeat-ms <n>     between heartbeats of a subscription (default 15000)
  --masters <n>          masters of the ensemble; the others redirect to the one that leads (default 1)
  --standby-ports <p,p>  of the masters after the first (default free ones)
  --reregistration-ms <n>  time that agents take to find the master after a restart (default 0)
  --offer-timeout-ms <n> offers are rescinded after this time (default never)
  --port-file <file>     written with the port once it listens
  --kill-tasks           on SIGTERM or SIGINT kill all tasks; without it they go on and are found again
  --help
`;

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    port: { type: 'string', default: '0' },
    agents: { type: 'string', default: '4' },
    cpus: { type: 'string', default: '8' },
    'mem-mb': { type: 'string', default: '16384' },
    'disk-mb': { type: 'string', default: '100000' },
    'agents-file': { type: 'string' },
    domain: { type: 'string' },
    'tls-cert': { type: 'string' },
    'tls-key': { type: 'string' },
    credentials: { type: 'string' },
    acls: { type: 'string' },
    'first-port': { type: 'string', default: '21000' },
    'heartbeat-ms': { type: 'string', default: '15000' },
    masters: { type: 'string', default: '1' },
    'standby-ports': { type: 'string', default: '' },
    'reregistration-ms': { type: 'string', default: '0' },
    'offer-timeout-ms': { type: 'string' },
    'port-file': { type: 'string' },
    'kill-tasks': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help || values.state === undefined) {
  (values.help ? process.stdout : process.stderr).write(
    values.help ? USAGE : `--state is missing\n\n${USAGE}`,
  );
  process.exit(values.help ? 0 : 2);
}

const agent: AgentSpec = {
  cpus: numberOf('cpus', values.cpus),
  memMb: numberOf('mem-mb', values['mem-mb']),
  diskMb: numberOf('disk-mb', values['disk-mb']),
};
const mesos = await startLocalMesos({
  stateDir: values.state,
  port: numberOf('port', values.port),
  agents:
    values['agents-file'] === undefined
      ? Array.from({ length: numberOf('agents', values.agents) }, () => agent)
      : readAgents(values['agents-file']),
  ...(values.domain === undefined ? {} : { domain: domainOf(values.domain) }),
  ...securityOf(values),
  firstPort: numberOf('first-port', values['first-port']),
  heartbeatIntervalMs: numberOf('heartbeat-ms', values['heartbeat-ms']),
  masters: numberOf('masters', values.masters),
  standbyPorts: values['standby-ports']
    .split(',')
    .filter((port) => port !== '')
    .map((port) => numberOf('standby-ports', port)),
  reregistrationMs: numberOf('reregistration-ms', values['reregistration-ms']),
  ...(values['offer-timeout-ms'] === undefined
    ? {}
    : { offerTimeoutMs: numberOf('offer-timeout-ms', values['offer-timeout-ms']) }),
});

const portFile = values['port-file'];
if (portFile !== undefined) {
  // Whoever waits for the file finds it whole.
  writeFileSync(`${portFile}.new`, new URL(mesos.url).port);
  renameSync(`${portFile}.new`, portFile);
}
process.stdout.write(`Local Mesos listens on ${mesos.masters.urls.join(', ')}\n`);

for (const name of ['SIGTERM', 'SIGINT'] as const)
  process.once(name, () => {
    void mesos.stop({ killTasks: values['kill-tasks'] }).then(() => process.exit(0));
  });

function readAgents(file: string): AgentSpec[] {
  const read = agentSpecsSchema.safeParse(readJson('agents-file', file));
  if (!read.success) fail(`--agents-file ${file} does not hold agents: ${z.prettifyError(read.error)}`);
  const misfit = read.data.map(reservationProblem).find((problem) => problem !== undefined);
  if (misfit !== undefined) fail(`--agents-file ${file}: ${misfit}`);
  return read.data;
}

function domainOf(given: string): DomainInfo {
  const [region = '', zone = '', ...more] = given.split('/');
  if (region === '' || zone === '' || more.length > 0)
    fail(`--domain is a region and a zone, such as eu/a, not '${given}'`);
  return { fault_domain: { region: { name: region }, zone: { name: zone } } };
}

function securityOf(given: Partial<Record<'tls-cert' | 'tls-key' | 'credentials' | 'acls', string>>) {
  const { 'tls-cert': cert, 'tls-key': key, credentials, acls } = given;
  if ((cert === undefined) !== (key === undefined)) fail('--tls-cert and --tls-key need each other');
  return {
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: readText('tls-cert', cert), key: readText('tls-key', key) } }),
    ...(credentials === undefined
      ? {}
      : { credentials: checked('credentials', credentials, credentialsSchema).credentials }),
    ...(acls === undefined ? {} : { acls: checked('acls', acls, aclsSchema) as Acls }),
  };
}

function checked<T>(flag: string, file: string, schema: z.ZodType<T>): T {
  const read = schema.safeParse(readJson(flag, file));
  if (!read.success) fail(`--${flag} ${file} is not what it should be: ${z.prettifyError(read.error)}`);
  return read.data;
}

function readJson(flag: string, file: string): unknown {
  try {
    return JSON.parse(readText(flag, file));
  } catch (error) {
    return fail(`--${flag} ${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readText(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(
      `--${flag} ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function fail(problem: string): never {
  process.stderr.write(`${problem}\n\n${USAGE}`);
  process.exit(2);
}

function numberOf(flag: string, given: string): number {
  const value = Number(given);
  if (given.trim() === '' || !Number.isFinite(value) || value < 0)
    fail(`--${flag} is a number, not '${given}'`);
  return value;
}
