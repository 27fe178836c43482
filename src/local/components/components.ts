// Makes sure that the real parts are there: a Temporal server, its test server, Kafka, Java.
import { DEFAULT_KAFKA_VERSION, ensureKafka } from './kafka.ts';
import { findJava } from './java.ts';
import type { OnProgress } from './progress.ts';
import { ensureTemporalCli } from './temporal-cli.ts';
import { ensureTestServer } from './test-server.ts';

export interface Components {
  /** The `temporal` command. */
  temporalCli: string;
  /** The time-skipping test server, as an executable. */
  testServer: string;
  /** Directories with `libs/*.jar`, by version. */
  kafka: Record<string, string>;
  /** Absolute path of `java`. */
  java: string;
}

export type ComponentName = keyof Components;

export interface EnsureOptions<N extends ComponentName> {
  /** What is wanted. @default everything */
  only?: readonly N[];
  /** @default only the default version */
  kafkaVersions?: readonly string[];
  onProgress?: OnProgress;
}

/**
 * Finds or sets up components, all at once: what the user gave by environment, what the machine has, what the cache
 * holds, and only then a download or build into the cache (see cache.ts). Safe when several processes do it at once.
 *
 * @throws MillraceError COMPONENT_MISSING for the first that cannot be had, saying what to install
 */
export async function ensureComponents<N extends ComponentName = ComponentName>(
  options: EnsureOptions<N> = {},
): Promise<Pick<Components, N>> {
  const { only, kafkaVersions = [DEFAULT_KAFKA_VERSION], onProgress = () => undefined } = options;
  const wanted = (name: ComponentName) => only === undefined || only.some((one) => one === name);
  // Java first: it is quick, and without it most of the rest is useless.
  const java = wanted('java') || wanted('testServer') ? await findJava() : undefined;
  const [temporalCli, testServer, kafka] = await Promise.all([
    wanted('temporalCli') ? ensureTemporalCli(onProgress) : undefined,
    wanted('testServer') && java !== undefined ? ensureTestServer(java, onProgress) : undefined,
    wanted('kafka') ? ensureKafkas(kafkaVersions, onProgress) : undefined,
  ]);
  const all: Partial<Components> = {
    ...(temporalCli === undefined ? {} : { temporalCli }),
    ...(testServer === undefined ? {} : { testServer }),
    ...(kafka === undefined ? {} : { kafka }),
    ...(java === undefined ? {} : { java }),
  };
  return all as Pick<Components, N>;
}

async function ensureKafkas(
  versions: readonly string[],
  onProgress: OnProgress,
): Promise<Record<string, string>> {
  const pairs = versions.map(async (version) => [version, await ensureKafka(version, onProgress)] as const);
  return Object.fromEntries(await Promise.all(pairs));
}
