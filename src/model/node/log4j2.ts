// Logging of a node: to stdout, which Mesos keeps in the sandbox. In the properties format, which needs no library
// beside Log4j itself.
import { propertiesText } from './properties-text.ts';

/** Loggers that are quieter than the rest: one line for each request would drown everything else. */
const QUIET = ['kafka.request.logger', 'kafka.network.RequestChannel$'];

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
    'appender.stdout.layout.pattern': '[%d] %p %m (%c)%n',
    'rootLogger.level': 'INFO',
    'rootLogger.appenderRef.stdout.ref': 'stdout',
    ...Object.fromEntries(loggers),
  });
}
