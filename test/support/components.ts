// Paths of the real parts that tests use; set up first when they are missing.
import { DEFAULT_KAFKA_VERSION, ensureComponents } from '../../src/local/components/index.ts';

/** The Temporal CLI (a whole dev server). */
export async function temporalCliPath(): Promise<string> {
  return (await ensureComponents({ only: ['temporalCli'] })).temporalCli;
}

/** The time-skipping test server, for `TestWorkflowEnvironment.createTimeSkipping`. */
export async function testServerPath(): Promise<string> {
  return (await ensureComponents({ only: ['testServer'] })).testServer;
}

/** The directory of the Kafka distribution (`libs/*.jar`). */
export async function kafkaHome(): Promise<string> {
  const { kafka } = await ensureComponents({ only: ['kafka'] });
  return kafka[DEFAULT_KAFKA_VERSION]!;
}
