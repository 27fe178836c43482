// What a worker process takes from its environment.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { MesosEndpoint } from './mesos/index.ts';
import { MillraceError } from './model/errors.ts';

const environmentSchema = z.object({
  MILLRACE_MESOS_MASTERS: z
    .string({ error: 'is not set; accepted: base URLs of the masters, separated by commas' })
    .transform((text) => text.split(',').map((url) => url.trim().replace(/\/+$/, '')))
    .pipe(
      z.array(z.url({ protocol: /^https?$/, error: 'holds something that is not an http(s) URL' })).min(1),
    ),
  MILLRACE_MESOS_PRINCIPAL: z.string().min(1).optional(),
  MILLRACE_MESOS_SECRET_FILE: z.string().min(1).optional(),
  MILLRACE_HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(7071),
  MILLRACE_HEALTH_HOST: z.string().default('127.0.0.1'),
  MILLRACE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

export interface WorkerConfig {
  mesos: MesosEndpoint;
  health: { host: string; port: number };
  logLevel: string;
}

/**
 * Reads `MILLRACE_MESOS_MASTERS`, `MILLRACE_MESOS_PRINCIPAL`, `MILLRACE_MESOS_SECRET_FILE`, `MILLRACE_HEALTH_HOST`,
 * `MILLRACE_HEALTH_PORT` and `MILLRACE_LOG_LEVEL`. The connection to Temporal is `src/temporal`'s.
 *
 * @throws MillraceError REQUEST_INVALID naming each variable that is missing or wrong
 */
export function readWorkerConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success)
    throw new MillraceError(
      'REQUEST_INVALID',
      `The worker was not started. ${parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}. ` +
        'Example: MILLRACE_MESOS_MASTERS=http://10.0.0.1:5050,http://10.0.0.2:5050',
    );
  const { data } = parsed;
  const credential = readCredential(data.MILLRACE_MESOS_PRINCIPAL, data.MILLRACE_MESOS_SECRET_FILE);
  return {
    mesos: { masters: data.MILLRACE_MESOS_MASTERS, ...(credential ? { credential } : {}) },
    health: { host: data.MILLRACE_HEALTH_HOST, port: data.MILLRACE_HEALTH_PORT },
    logLevel: data.MILLRACE_LOG_LEVEL,
  };
}

function readCredential(
  principal: string | undefined,
  file: string | undefined,
): MesosEndpoint['credential'] {
  if (principal === undefined && file === undefined) return undefined;
  if (principal === undefined || file === undefined)
    throw new MillraceError(
      'REQUEST_INVALID',
      'The worker was not started. MILLRACE_MESOS_PRINCIPAL and MILLRACE_MESOS_SECRET_FILE go together: set both or none.',
    );
  try {
    return { principal, secret: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    throw new MillraceError(
      'REQUEST_INVALID',
      `The worker was not started. MILLRACE_MESOS_SECRET_FILE ${file} cannot be read.`,
      { cause: error },
    );
  }
}
