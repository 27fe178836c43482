// docs/cli.md, made of the help texts, so that it can't disagree with the command.
import type { Command } from 'commander';
import type { Io } from './io.ts';
import { buildProgram, type RegisterCommands } from './program.ts';

/** Width of the help texts in the page. */
const COLUMNS = 110;

const INTRODUCTION = `# The \`millrace\` command

<!-- Written by "node scripts/write-docs.ts" from the help texts of src/cli. -->

The command talks to the API ([api.md](api.md)) and does nothing by itself, except \`millrace temporal\`, which looks at the
Temporal server, and the commands of the local stack. Results go to standard output, as a table or with \`-o json\` and
\`-o yaml\` as what the API answered; errors go to standard error, and the exit code tells their kind
([errors.md](errors.md)). Variables are in [configuration.md](configuration.md). \`npx millrace\` runs it from the checkout.`;

/** The page; `registerLocal` adds the commands of the local stack. */
export async function cliPage(registerLocal?: RegisterCommands): Promise<string> {
  const { program } = buildProgram(SILENT);
  if (registerLocal) await registerLocal(program);
  const sections = [program, ...leaves(program)].map((command) => {
    const path = pathOf(command);
    return `## \`${path}\`\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``;
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}

/** Every command, groups before their members. */
function leaves(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...leaves(child)]);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => COLUMNS,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}

const SILENT: Io = {
  out: () => undefined,
  err: () => undefined,
  isTty: false,
  canAsk: false,
  color: false,
  size: () => ({ columns: COLUMNS, rows: 50 }),
  env: {},
  nowMs: () => 0,
  sleep: () => Promise.resolve(),
};
