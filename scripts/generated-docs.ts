// The pages of the documentation that are made of the code, formatted as the rest of the project is.
import { format, resolveConfig } from 'prettier';
import { errorsPage, openApiText } from '../src/api/documentation.ts';
import { specPage } from '../src/api/spec-page.ts';
import { cliPage } from '../src/cli/documentation.ts';
import { registerLocalCommands } from '../src/local/commands.ts';

const PAGES = {
  'docs/errors.md': () => errorsPage(),
  'docs/spec.md': () => specPage(),
  'docs/openapi.json': () => openApiText(),
  'docs/cli.md': () => cliPage(registerLocalCommands),
} as const;

export type GeneratedPage = keyof typeof PAGES;
export const GENERATED_PAGES = Object.keys(PAGES) as GeneratedPage[];

/** What a page ought to hold. */
export async function generatePage(path: GeneratedPage): Promise<string> {
  const config = await resolveConfig(new URL(`../${path}`, import.meta.url));
  return format(await PAGES[path](), { ...config, filepath: path });
}
