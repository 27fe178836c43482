// Logging of a node: to stdout, which Mesos keeps in the sandbox. In the properties format, which needs no library
// beside Log4j itself.
import { propertiesText } from './properties-text.ts';

/** Loggers below the level INFO of the rest: each request, and each client's authorisation. */
const QUIET = ['kafka.request.logger', 'kafka.network.RequestChannel$', 'kafka.authorizer.logger'];

/** Text of `log4j2.properties`. */
export function log4j2Properties(): string {
  const loggers = QUIET.flatMap((name, index) => [
    [`logger.quiet${index}.name`, name],
    [`logger.quiet${index}.level`, name === 'kafka.authorizer.logger' ? 'INFO' : 'WARN'],
  ]);
  return propertiesText({
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
