// What a worker process takes from its environment.
import { z } from 'zod';
import { readMesosSecurity } from './mesos-security.ts';
import type { MesosEndpoint } from './mesos/index.ts';
import { MillraceError } from './model/errors.ts';

const environmentSchema = z.object({
  MILLRACE_MESOS_MASTERS: z
    .string({ error: 'is not set; accepted: base URLs of the masters, separated by commas' })
    .transform((text) => text.split(',').map((url) => url.trim().replace(/\/+$/, '')))
    .pipe(
      z
        .array(
          z
            .url({ protocol: /^https?$/, error: 'holds something that is not an http(s) URL' })
            .refine((url) => isWithoutUser(url), {
              error:
                'holds a user or password; MILLRACE_MESOS_PRINCIPAL and MILLRACE_MESOS_SECRET_FILE set them',
            }),
        )
        .min(1),
    ),
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
 * Reads `MILLRACE_MESOS_MASTERS`, what `readMesosSecurity` reads, `MILLRACE_HEALTH_HOST`, `MILLRACE_HEALTH_PORT` and
 * `MILLRACE_LOG_LEVEL`. The connection to Temporal is `src/temporal`'s.
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
  return {
    mesos: { masters: data.MILLRACE_MESOS_MASTERS, ...readMesosSecurity(environment) },
    health: { host: data.MILLRACE_HEALTH_HOST, port: data.MILLRACE_HEALTH_PORT },
    logLevel: data.MILLRACE_LOG_LEVEL,
  };
}

function isWithoutUser(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === '' && password === '';
}
