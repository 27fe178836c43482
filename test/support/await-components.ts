// Runs before each test file that needs real components: waits until they are set up, and shows them by environment.
import { join } from 'node:path';
import { DEFAULT_KAFKA_VERSION, ensureComponents } from '../../src/local/components/index.ts';

const { temporalCli, kafka, java } = await ensureComponents({ only: ['temporalCli', 'kafka', 'java'] });
process.env['MILLRACE_TEMPORAL_CLI'] = temporalCli;
process.env['MILLRACE_JAVA'] = java;
process.env['MILLRACE_TEST_KAFKA_LIBS'] = join(kafka[DEFAULT_KAFKA_VERSION] ?? '', 'libs');
