// The worker's log: pino JSON lines, with Temporal's own lines in the same stream.
import { pino, type Logger as Pino } from 'pino';
import type { ActivityInterceptorsFactory, LogLevel, LogMetadata, Logger } from '@temporalio/worker';
import { parseOperationId } from './workflows/contract.ts';

/** A pino logger that writes JSON lines to stdout. */
export function createLog(level: string): Pino {
  return pino({ level, base: { service: 'worker', pid: process.pid } });
}

/** Temporal's logger interface on pino; adds `cluster` and `operation`, which people search for, from the workflow's id. */
export function temporalLogger(log: Pino): Logger {
  const write = (level: LogLevel, message: string, metadata: LogMetadata = {}) => {
    const { sdkComponent: _component, taskToken: _token, namespace: _namespace, ...about } = metadata;
    log[PINO_LEVEL[level]]({ ...about, ...identify(metadata['workflowId']) }, message);
  };
  return {
    log: write,
    trace: (message, metadata) => {
      write('TRACE', message, metadata);
    },
    debug: (message, metadata) => {
      write('DEBUG', message, metadata);
    },
    info: (message, metadata) => {
      write('INFO', message, metadata);
    },
    warn: (message, metadata) => {
      write('WARN', message, metadata);
    },
    error: (message, metadata) => {
      write('ERROR', message, metadata);
    },
  };
}

/** Adds `step` to what an activity logs, when a step of an operation called it. */
export const logStep: ActivityInterceptorsFactory = () => {
  let step: string | undefined;
  return {
    inbound: {
      execute: (input, next) => {
        const [argument] = input.args as [{ caller?: { step?: string } } | undefined];
        step = argument?.caller?.step;
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) =>
        next({ ...attributes, ...(step === undefined ? {} : { step }) }),
    },
  };
};

const PINO_LEVEL = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function identify(workflowId: unknown): { cluster?: string; operation?: string } {
  if (typeof workflowId !== 'string' || !workflowId.startsWith('kafka/')) return {};
  const name = workflowId.slice('kafka/'.length);
  const operation = parseOperationId(name);
  return operation
    ? { cluster: operation.cluster, operation: name }
    : { cluster: name.replace(/\/session$/, '') };
}
