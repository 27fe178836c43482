// `millrace temporal`: what Millrace expects of the Temporal server, and making it so. Talks to Temporal, not to the API.
import type { Command } from 'commander';
import type * as TemporalRoom from '../../temporal/index.ts';
import type { ConnectedClient, Difference, Footprint } from '../../temporal/index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../report.ts';

const HELP = `
What is expected is declared by temporal.yaml. The server is that of TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or of a profile
(TEMPORAL_PROFILE) in temporal.toml, else 127.0.0.1:7233.

Examples:
  $ millrace temporal diff                 ends with 0 when the server has everything, 1 when not
  $ millrace temporal apply                creates what is missing; may be run again
  $ TEMPORAL_ADDRESS=temporal.example:7233 TEMPORAL_NAMESPACE=kafka millrace temporal apply`;

/** Adds `temporal diff|apply`. */
export function addTemporalCommands(program: Command, context: Context): void {
  const temporal = program
    .command('temporal')
    .description('compare a Temporal server with temporal.yaml, and make it so')
    .addHelpText('after', HELP);
  const file = ['-f, --file <file>', 'another temporal.yaml'] as const;
  temporal
    .command('diff')
    .description('what the server lacks')
    .option(...file)
    .action(async (options: { file?: string }, command: Command) => {
      await onServer(options.file, async ({ connected, footprint, room }) => {
        const { connection, namespace, address } = connected;
        const differences = await room.diffFootprint(connection, footprint, namespace);
        context.exitCode = differences.length === 0 ? EXIT.OK : EXIT.FAILED;
        await context.show(command, { address, namespace, differences }, () =>
          page(
            differences,
            `${address} (namespace ${namespace}) has everything that Millrace expects.`,
            'lacks',
          ),
        );
      });
    });
  temporal
    .command('apply')
    .description('make the server as temporal.yaml says')
    .option(...file)
    .action(async (options: { file?: string }, command: Command) => {
      await onServer(options.file, async ({ connected, footprint, room }) => {
        const { connection, namespace, address } = connected;
        const changed = await room.applyFootprint(connection, footprint, namespace);
        await context.show(command, { address, namespace, changed }, () =>
          page(
            changed,
            `${address} (namespace ${namespace}) had everything already; nothing was changed.`,
            'settled',
          ),
        );
      });
    });
}

interface Server {
  connected: ConnectedClient;
  footprint: Footprint;
  room: typeof TemporalRoom;
}

/** Temporal's client is heavy: only these commands load it. */
async function onServer(file: string | undefined, use: (server: Server) => Promise<void>): Promise<void> {
  const room = await import('../../temporal/index.ts');
  const footprint = room.loadFootprint(file);
  const connected = await room.connectClient();
  try {
    await use({ connected, footprint, room });
  } finally {
    await connected.connection.close();
  }
}

function page(differences: Difference[], none: string, verb: string): string {
  return differences.length === 0 ? none : differences.map(({ message }) => `${verb}: ${message}`).join('\n');
}
