// The operator API (POST /api/v1 of the leading master), as far as Millrace asks: what is there, who holds what.
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { MillraceError } from '../model/errors.ts';
import { redact } from './authentication.ts';
import { sharedConnections } from './connections.ts';
import type { MesosEndpoint } from './contract.ts';
import { OPERATOR_PATH, postToLeader, reasonOf, type LeaderAnswer } from './http.ts';
import { refusalError, textOf } from './refusal.ts';

export interface OperatorOptions {
  signal?: AbortSignal;
  /** Limit for finding the leader, and again for reading its answer. @default 5000 */
  timeoutMs?: number;
}

export interface FrameworkSummary {
  id: string;
  name: string;
  active: boolean;
  connected: boolean;
  roles: string[];
  principal?: string;
}

export interface TaskSummary {
  id: string;
  name: string;
  frameworkId: string;
  agentId: string;
  state: string;
}

export interface MasterSummary {
  /** Base URL of the leading master. */
  url: string;
  id: string;
  version: string;
  /** Of its fault domain, where the masters have one. */
  region?: string;
}

const DEFAULT_TIMEOUT_MS = 5_000;

const id = z.looseObject({ value: z.string() });
const taskSchema = z.looseObject({
  name: z.string(),
  task_id: id,
  framework_id: id,
  agent_id: id,
  state: z.string(),
});
const tasks = z.array(taskSchema).default([]);

/**
 * Base URL of the leading master; each configured one is asked once.
 * @throws MillraceError MESOS_UNREACHABLE with every address tried and its reason; MESOS_REFUSED
 */
export async function findLeader(endpoint: MesosEndpoint, options: OperatorOptions = {}): Promise<string> {
  return (await getMaster(endpoint, options)).url;
}

/** The leading master. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getMaster(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<MasterSummary> {
  const schema = z.looseObject({
    get_master: z.looseObject({
      master_info: z.looseObject({
        id: z.string(),
        version: z.string().default(''),
        domain: z
          .looseObject({
            fault_domain: z
              .looseObject({ region: z.looseObject({ name: z.string() }).optional() })
              .optional(),
          })
          .optional(),
      }),
    }),
  });
  const { answer, master } = await ask(endpoint, 'GET_MASTER', schema, options);
  const info = answer.get_master.master_info;
  const region = info.domain?.fault_domain?.region?.name;
  return {
    url: master,
    id: info.id,
    version: info.version,
    ...(region === undefined ? {} : { region }),
  };
}

/** Frameworks that the master knows, without the completed ones. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getFrameworks(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<FrameworkSummary[]> {
  const schema = z.looseObject({
    get_frameworks: z.looseObject({
      frameworks: z
        .array(
          z.looseObject({
            framework_info: z.looseObject({
              id,
              name: z.string(),
              roles: z.array(z.string()).optional(),
              /** That of a framework which can have but one. */
              role: z.string().optional(),
              principal: z.string().optional(),
            }),
            active: z.boolean(),
            connected: z.boolean(),
          }),
        )
        .default([]),
    }),
  });
  const { answer } = await ask(endpoint, 'GET_FRAMEWORKS', schema, options);
  return answer.get_frameworks.frameworks.map(({ framework_info, active, connected }) => ({
    id: framework_info.id.value,
    name: framework_info.name,
    active,
    connected,
    roles: framework_info.roles ?? (framework_info.role === undefined ? [] : [framework_info.role]),
    ...(framework_info.principal === undefined ? {} : { principal: framework_info.principal }),
  }));
}

/** Tasks that have not ended, on reachable and unreachable agents. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getTasks(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<TaskSummary[]> {
  const schema = z.looseObject({
    get_tasks: z.looseObject({ tasks, unreachable_tasks: tasks, pending_tasks: tasks }),
  });
  const { answer } = await ask(endpoint, 'GET_TASKS', schema, options);
  const found = answer.get_tasks;
  return [...found.tasks, ...found.unreachable_tasks, ...found.pending_tasks].map((task) => ({
    id: task.task_id.value,
    name: task.name,
    frameworkId: task.framework_id.value,
    agentId: task.agent_id.value,
    state: task.state,
  }));
}

/**
 * Asks the leading master one question of the operator API.
 * @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED
 */
export async function ask<T>(
  endpoint: MesosEndpoint,
  type: string,
  schema: z.ZodType<T>,
  options: OperatorOptions = {},
): Promise<{ answer: T; master: string }> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const limit = AbortSignal.timeout(2 * timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  try {
    const { response, master } = await postToLeader(endpoint, {
      dispatcher: sharedConnections(endpoint.tls),
      path: OPERATOR_PATH,
      body: JSON.stringify({ type }),
      what: type,
      timeoutMs,
      once: true,
      signal,
    });
    return { answer: await read(response, { type, master, schema, endpoint }), master };
  } catch (error) {
    if (error instanceof MillraceError || options.signal?.aborted === true) throw error;
    throw new MillraceError(
      'MESOS_UNREACHABLE',
      `${type}: the Mesos masters (${endpoint.masters.join(', ')}) did not answer: ${reasonOf(error)}. MILLRACE_MESOS_MASTERS sets the addresses.`,
      { cause: error },
    );
  }
}

async function read<T>(
  response: Dispatcher.ResponseData,
  {
    type,
    master,
    schema,
    endpoint,
  }: { type: string; master: LeaderAnswer['master']; schema: z.ZodType<T>; endpoint: MesosEndpoint },
): Promise<T> {
  if (response.statusCode !== 200) {
    const text = redact(await textOf(response), endpoint);
    throw refusalError({ status: response.statusCode, text, what: type, master, fenced: false });
  }
  const checked = schema.safeParse(await jsonOf(response));
  if (checked.success) return checked.data;
  throw new MillraceError(
    'MESOS_REFUSED',
    `${type}: ${master} answered what is not understood: ${z.prettifyError(checked.error)}. Is it a Mesos master?`,
  );
}

/** Undefined when it is not JSON: the parser's words would quote the answer. */
async function jsonOf(response: Dispatcher.ResponseData): Promise<unknown> {
  const text = await response.body.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
