// What is kept of a local stack between commands: stack.json in its directory. Whoever has it can stop the stack.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { MillraceError } from '../../model/errors.ts';
import { agentSpecsSchema } from '../mesos/agent-spec.ts';

const portSchema = z.int().min(1).max(65535);

const stackFileSchema = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  ports: z.strictObject({
    temporal: portSchema,
    ui: portSchema,
    mesos: portSchema,
    /** Of the masters of local Mesos after the first. */
    standbyMasters: z.array(portSchema).default([]),
    api: portSchema,
    /** First port that the agents of local Mesos offer. */
    agents: portSchema,
    /** Health ports of the workers, in order. */
    workers: z.array(portSchema),
  }),
  /** What the stack is reached by; the command line finds its API here. */
  urls: z.strictObject({
    /** `host:port` of the gRPC front end. */
    temporalAddress: z.string(),
    temporalUi: z.string(),
    mesos: z.string(),
    api: z.string(),
  }),
  agents: z.strictObject({ count: z.int(), cpus: z.number(), memMb: z.int(), diskMb: z.int() }),
  /** Agents one by one, instead of `agents`, as local Mesos' --agents-file holds them. */
  agentSpecs: agentSpecsSchema.optional(),
  /** Of local Mesos. */
  heartbeatMs: z.int(),
  /** More flags of local Mesos; files by their absolute paths. */
  mesos: z
    .strictObject({
      domain: z.string().exactOptional(),
      tls: z.strictObject({ certFile: z.string(), keyFile: z.string(), caFile: z.string() }).exactOptional(),
      credentialsFile: z.string().exactOptional(),
    })
    .optional(),
  /** Given to workers and API on top of what the stack sets. */
  env: z.record(z.string(), z.string()),
  components: z.strictObject({
    temporalCli: z.string(),
    java: z.string(),
    kafka: z.record(z.string(), z.string()),
  }),
  /** By name: `temporal`, `mesos`, `api`, `worker-1`. The start time tells a process from a later one with its pid. */
  processes: z.record(z.string(), z.strictObject({ pid: z.int(), startTime: z.string() })),
});
export type StackFile = z.output<typeof stackFileSchema>;
export type StackUrls = StackFile['urls'];

/** Where stacks are kept: `$MILLRACE_HOME`, or `millrace` in `$XDG_STATE_HOME` or `~/.local/state`. */
export function millraceHome(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment['MILLRACE_HOME'];
  if (own !== undefined && own !== '') return own;
  const xdg = environment['XDG_STATE_HOME'];
  return join(xdg !== undefined && xdg !== '' ? xdg : join(homedir(), '.local', 'state'), 'millrace');
}

/**
 * The stack that is on record in a directory; null when there is none.
 *
 * @throws MillraceError REQUEST_INVALID when the record cannot be read
 */
export function readStackFile(directory: string): StackFile | null {
  const path = join(directory, 'stack.json');
  if (!existsSync(path)) return null;
  try {
    return stackFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new MillraceError(
      'REQUEST_INVALID',
      `${path} is not the record of a stack: ${error instanceof Error ? error.message : String(error)}. ` +
        'Nothing was changed. Stop its processes by hand and remove the directory.',
      { cause: error },
    );
  }
}

/** Replaces the record at once; only its owner may read it, since `env` may hold secrets. */
export function writeStackFile(directory: string, file: StackFile): void {
  const path = join(directory, 'stack.json');
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
