// What every command shares: streams, the API, the wanted format, the exit code.
import type { Command } from 'commander';
import { createApiClient, type ApiClient } from './api-client.ts';
import { findApi } from './find-api.ts';
import type { Io } from './io.ts';
import { print, type Format } from './output.ts';

export interface Context {
  io: Io;
  /** Set by a command that ends well and yet not with 0. */
  exitCode: number;
  api(command: Command): ApiClient;
  format(command: Command): Format;
  /** Prints a result in the wanted format. */
  show(command: Command, value: unknown, table: () => string): Promise<void>;
}

export function createContext(io: Io): Context {
  const options = (command: Command) => command.optsWithGlobals<{ api?: string; output: Format }>();
  return {
    io,
    exitCode: 0,
    api: (command) =>
      createApiClient(findApi(options(command).api, io.env), io.env['MILLRACE_API_TOKEN'] || undefined),
    format: (command) => options(command).output,
    show: (command, value, table) => print(io, options(command).output, value, table),
  };
}
