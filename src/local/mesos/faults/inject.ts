// Faults as POST /local/faults takes them: some wait for their moment, the others happen at once.
import { z } from 'zod';
import { executorOf, killExecutor } from '../agent/containers.ts';
import { signalGroup } from '../agent/kill.ts';
import type { Master, Stream } from '../master/master.ts';
import { offersOf, rescindOffers } from '../master/offers.ts';
import type { Task } from '../master/state.ts';

const times = z.int().positive().default(1);
const ms = z.number().nonnegative();
const taskId = z.string().min(1);
const frameworkId = z.string().min(1).optional();
const ofUpdate = { taskId: taskId.optional(), state: z.string().optional(), times };

/** Signals that end or stop a process, as a person or the kernel sends them. */
const SIGNALS = [
  'SIGKILL',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGSEGV',
  'SIGABRT',
  'SIGSTOP',
  'SIGCONT',
] as const;

/** One fault. */
const FAULT = z.discriminatedUnion('fault', [
  // A call is answered 202, and nothing comes of it.
  z.strictObject({ fault: z.literal('dropCall'), type: z.string().min(1), times }),
  // The agent never gets an operation of an ACCEPT; `silent` when nobody notices.
  z.strictObject({
    fault: z.literal('dropOperation'),
    type: z.enum(['LAUNCH', 'LAUNCH_GROUP', 'RESERVE', 'UNRESERVE', 'CREATE', 'DESTROY']),
    silent: z.boolean().default(false),
    state: z.enum(['OPERATION_DROPPED', 'OPERATION_ERROR']).default('OPERATION_DROPPED'),
    times,
  }),
  // A task's update is lost on its way, so that it comes with the next retry; comes twice, the second time after `ms`
  // and so perhaps after later ones; comes late.
  z.strictObject({ fault: z.literal('dropUpdate'), ...ofUpdate }),
  z.strictObject({ fault: z.literal('repeatUpdate'), ms: ms.default(0), ...ofUpdate }),
  z.strictObject({ fault: z.literal('delayUpdate'), ms, ...ofUpdate }),
  z.strictObject({ fault: z.literal('dropAcknowledgement'), taskId: taskId.optional(), times }),
  // All offers, of one framework or of all, are rescinded now.
  z.strictObject({ fault: z.literal('rescindOffers'), frameworkId }),
  // Streams stay open and silent; what was to be said comes afterwards, as after a network that stood still.
  z.strictObject({ fault: z.literal('silence'), ms, frameworkId }),
  // Streams break after so many more bytes.
  z.strictObject({
    fault: z.literal('cutStream'),
    afterBytes: z.int().nonnegative().default(0),
    frameworkId,
  }),
  // The executor's process is killed, and all its tasks with it.
  z.strictObject({ fault: z.literal('killExecutor'), taskId }),
  // The task's processes get a signal that Mesos did not send.
  z.strictObject({ fault: z.literal('killTask'), taskId, signal: z.enum(SIGNALS).default('SIGKILL') }),
]);

export const FAULTS = z.array(FAULT).min(1);
export type Fault = z.output<typeof FAULT>;
/** A fault as it is asked for: what has a default may be left out. */
export type FaultRequest = z.input<typeof FAULT>;

/** Injects a fault; gives the problem, and does nothing, when what it is about does not exist. */
export function injectFault(master: Master, fault: Fault): string | undefined {
  switch (fault.fault) {
    case 'rescindOffers': {
      const { frameworkId: owner } = fault;
      rescindOffers(master, offersOf(master, owner === undefined ? {} : { frameworkId: owner }));
      return undefined;
    }
    case 'silence':
      return withStreams(master, fault.frameworkId, (stream) => {
        stream.silence();
        master.later(fault.ms, () => {
          stream.resume();
        });
      });
    case 'cutStream':
      return withStreams(master, fault.frameworkId, (stream) => {
        stream.cut(fault.afterBytes);
      });
    case 'killExecutor':
      return withTask(master, fault.taskId, (task) => {
        const executor = executorOf(master, task);
        if (executor) killExecutor(master, executor);
      });
    case 'killTask':
      return withTask(master, fault.taskId, (task) => {
        signalGroup(task, fault.signal);
      });
    case 'dropCall':
    case 'dropOperation':
    case 'dropUpdate':
    case 'repeatUpdate':
    case 'delayUpdate':
    case 'dropAcknowledgement':
      master.faults.push(fault);
      return undefined;
  }
}

/** Takes back all faults that wait, and ends silences. */
export function clearFaults(master: Master): void {
  master.faults = [];
  for (const stream of master.streams.values()) stream.resume();
}

function withStreams(
  master: Master,
  owner: string | undefined,
  act: (stream: Stream) => void,
): string | undefined {
  const streams = [...master.streams].filter(([id]) => owner === undefined || id === owner);
  for (const [, stream] of streams) act(stream);
  return owner !== undefined && streams.length === 0 ? `framework '${owner}' is not connected` : undefined;
}

function withTask(master: Master, id: string, act: (task: Task) => void): string | undefined {
  const task = Object.values(master.state.tasks).find((one) => one.id === id && one.phase === 'STARTED');
  if (!task) return `no task '${id}' runs; GET /local/state lists the tasks`;
  act(task);
  return undefined;
}
