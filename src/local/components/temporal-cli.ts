// Gets the Temporal CLI, which holds a whole Temporal server with its UI: what the machine has, else built by Go.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../model/errors.ts';
import { cacheDir, ensureEntry } from './cache.ts';
import { whichAll } from './java.ts';
import type { OnProgress } from './progress.ts';
import { run, type RunOptions } from './run.ts';

/** Folder with the go.mod and go.sum that pin every module of the build. */
const SOURCE = fileURLToPath(new URL('../../../tools/temporal', import.meta.url));
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
/** Oldest CLI of the machine that is taken: its server (1.29) has all that Millrace uses. */
const CLI_NEEDED: Version = [1, 5, 0];
/** Since 1.21 Go fetches the toolchain that a go.mod asks for. */
const GO_NEEDED: Version = [1, 21, 0];

type Version = [major: number, minor: number, patch: number];

/**
 * The path of a Temporal CLI: `MILLRACE_TEMPORAL_CLI`; else `temporal` in the PATH when it is new enough; else the
 * cache, filled by building it from the Go modules that tools/temporal pins (5 to 10 minutes, once).
 *
 * @throws MillraceError COMPONENT_MISSING
 */
export async function ensureTemporalCli(onProgress: OnProgress): Promise<string> {
  const given = process.env['MILLRACE_TEMPORAL_CLI'];
  const onMachine = given !== undefined && given !== '' ? given : await findOnMachine();
  if (onMachine !== undefined) {
    if ((await versionOf(onMachine)) === null)
      throw missing(`MILLRACE_TEMPORAL_CLI names ${onMachine}, which is not a Temporal CLI that runs`);
    onProgress({ component: 'Temporal CLI', state: 'ready', doing: 'found', path: onMachine });
    return onMachine;
  }
  const version = pinnedVersion();
  const component = `Temporal CLI ${version}`;
  const directory = join(cacheDir(), 'temporal-cli', version);
  const path = join(directory, 'temporal');
  if (!existsSync(path)) {
    const go = await findGo();
    const waiting = () => {
      onProgress({ component, state: 'working', doing: 'waiting for another process that builds it', path });
    };
    await ensureEntry(
      directory,
      (work) => build({ go, version, work, component, path, onProgress }),
      waiting,
    );
  }
  onProgress({ component, state: 'ready', doing: 'ready', path });
  return path;
}

async function findOnMachine(): Promise<string | undefined> {
  for (const path of whichAll('temporal')) {
    const version = await versionOf(path);
    if (version !== null && atLeast(version, CLI_NEEDED)) return path;
  }
  return undefined;
}

/** The version of a Temporal CLI; null when it does not say one. */
async function versionOf(cli: string): Promise<Version | null> {
  const { code, stdout } = await run(cli, ['--version']);
  return code === 0 ? parseVersion(/temporal version (\S+)/.exec(stdout)?.[1]) : null;
}

function pinnedVersion(): string {
  const match = /github\.com\/temporalio\/cli v(\S+)/.exec(readFileSync(join(SOURCE, 'go.mod'), 'utf8'));
  if (!match?.[1]) throw missing('tools/temporal/go.mod does not name a version of the Temporal CLI');
  return match[1];
}

async function findGo(): Promise<string> {
  const seen: string[] = [];
  for (const path of whichAll('go')) {
    const { stdout } = await run(path, ['env', 'GOVERSION'], {
      env: { ...process.env, GOTOOLCHAIN: 'local' },
    });
    const version = parseVersion(stdout.replace(/^go/, ''));
    if (version && atLeast(version, GO_NEEDED)) return path;
    seen.push(`${path} is ${stdout === '' ? 'not a Go that runs' : stdout}`);
  }
  throw missing(
    `there is no "temporal" ${CLI_NEEDED.join('.')} or newer in the PATH, and to build one Go ${GO_NEEDED.slice(0, 2).join('.')} ` +
      `or newer is needed (${seen.length === 0 ? 'no go in the PATH' : seen.join('; ')})`,
  );
}

interface Build {
  go: string;
  version: string;
  /** Where the binary is made. */
  work: string;
  component: string;
  /** Where it will be. */
  path: string;
  onProgress: OnProgress;
}

async function build({ go, version, work, component, path, onProgress }: Build): Promise<void> {
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOFLAGS: '',
    GOWORK: 'off',
    // The toolchain that go.mod names, when the installed one is older.
    GOTOOLCHAIN: process.env['GOTOOLCHAIN'] ?? 'auto',
  };
  const goRun = async (args: string[], onLine: RunOptions['onLine'] = () => undefined) => {
    const result = await run(go, args, { cwd: SOURCE, env, onLine });
    if (result.code !== 0)
      throw missing(
        `"${go} ${args[0]}" in ${SOURCE} ended with ${result.code ?? 'a signal'}:\n${result.output}\n`,
      );
    return result.stdout.split('\n').filter((line) => line !== '');
  };
  const report = (doing: string, unit: 'modules' | 'packages', done: number, total: number) => {
    onProgress({ component, state: 'working', doing, unit, done, total, path });
  };

  const modules = readFileSync(join(SOURCE, 'go.mod'), 'utf8').match(/^\s+\S+ v\S+/gm)?.length ?? 0;
  let fetched = 0;
  // Not `go mod download`: that wants each module's .info too, which the build does not need and proxies may lack.
  await goRun(['list', '-x', '-deps', PACKAGE], (line) => {
    if (/^# get .*\.zip: 200/.test(line)) report('downloading Go modules', 'modules', ++fetched, modules);
  });

  const flags = [
    '-trimpath',
    '-buildvcs=false',
    `-ldflags=-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`,
  ];
  const stale = await goRun([
    'list',
    '-deps',
    ...flags,
    '-f',
    '{{if .Stale}}{{.ImportPath}}{{end}}',
    PACKAGE,
  ]);
  const doing = 'building from source';
  let compiled = 0;
  report(doing, 'packages', 0, stale.length);
  const binary = join(work, 'temporal');
  await goRun(['build', '-v', ...flags, '-o', binary, PACKAGE], () => {
    report(doing, 'packages', ++compiled, stale.length);
  });

  const got = await versionOf(binary);
  if (got?.join('.') !== version)
    throw missing(
      `the binary that was built says version ${got?.join('.') ?? 'nothing'}, expected ${version}`,
    );
}

function missing(reason: string): MillraceError {
  return new MillraceError(
    'COMPONENT_MISSING',
    `The Temporal CLI was not set up: ${reason}. Nothing was left behind. Install the CLI (docs.temporal.io/cli) or Go ` +
      `(go.dev/dl; Debian, Ubuntu: "apt install golang-go" where that is new enough), or set MILLRACE_TEMPORAL_CLI to a CLI.`,
  );
}

function parseVersion(text: string | undefined): Version | null {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(text?.trim() ?? '');
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : null;
}

function atLeast(version: Version, needed: Version): boolean {
  const index = version.findIndex((part, i) => part !== needed[i]);
  return index === -1 || version[index]! > needed[index]!;
}
