// Entry of the `millrace` command.
import { processIo } from './io.ts';
import { run } from './program.ts';

// A reader that has seen enough (`| head`) closes the pipe; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const exitCode = await run(process.argv.slice(2), processIo(), async () => {
  const { registerLocalCommands } = await import('../local/commands.ts');
  return registerLocalCommands;
});
// A command of the local stack may have decided already (130 after Ctrl-C).
process.exitCode ||= exitCode;
