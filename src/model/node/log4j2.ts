// Logging of a node: to a file in its sandbox that is rolled over, since nothing else limits it, and warnings to stdout too. In
// the properties format, which needs no library beside Log4j itself.
import { FILE } from './paths.ts';
import { propertiesText } from './properties-text.ts';

/** Loggers that are quieter than the rest: one line for each request would drown everything else. */
const QUIET = ['kafka.request.logger', 'kafka.network.RequestChannel$'];

/** Of one file of the log, in MB; with the older ones it must fit the sandbox (resources.ts). */
const FILE_MB = 10;
const OLDER_FILES = 3;
/** The most that the log takes of the sandbox. */
export const LOG_MB = FILE_MB * (1 + OLDER_FILES);

const PATTERN = '[%d] %p %m (%c)%n';

/** Text of `log4j2.properties`. */
export function log4j2Properties(): string {
  const loggers = QUIET.flatMap((name, index): [string, string][] => [
    [`logger.quiet${index}.name`, name],
    [`logger.quiet${index}.level`, 'WARN'],
  ]);
  return propertiesText({
    // Log4j would stop beside Kafka's own shutdown and lose what it says of it.
    shutdownHook: 'disable',
    'appender.stdout.type': 'Console',
    'appender.stdout.name': 'stdout',
    'appender.stdout.target': 'SYSTEM_OUT',
    'appender.stdout.layout.type': 'PatternLayout',
    'appender.stdout.layout.pattern': PATTERN,
    'appender.stdout.filter.threshold.type': 'ThresholdFilter',
    'appender.stdout.filter.threshold.level': 'WARN',
    'appender.file.type': 'RollingFile',
    'appender.file.name': 'file',
    'appender.file.fileName': FILE.LOG,
    'appender.file.filePattern': `${FILE.LOG}.%i`,
    'appender.file.layout.type': 'PatternLayout',
    'appender.file.layout.pattern': PATTERN,
    'appender.file.policies.type': 'Policies',
    'appender.file.policies.size.type': 'SizeBasedTriggeringPolicy',
    'appender.file.policies.size.size': `${FILE_MB}MB`,
    'appender.file.strategy.type': 'DefaultRolloverStrategy',
    'appender.file.strategy.max': String(OLDER_FILES),
    'rootLogger.level': 'INFO',
    'rootLogger.appenderRef.file.ref': 'file',
    'rootLogger.appenderRef.stdout.ref': 'stdout',
    ...Object.fromEntries(loggers),
  });
}
