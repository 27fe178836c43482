// Names of files in a node's sandbox, and of the variables that carry their text there.

/** Container path of the persistent volume. */
export const VOLUME_PATH = 'data';
/** Kafka's log directory: below the volume, whose root may hold `lost+found` and other things that are not Kafka's. */
export const LOG_DIR = `${VOLUME_PATH}/kafka`;

export const FILE = {
  SERVER_PROPERTIES: 'server.properties',
  LOG4J2: 'log4j2.properties',
  LOG: 'kafka.log',
  META_PROPERTIES: `${LOG_DIR}/meta.properties`,
} as const;

export const VARIABLE = {
  SERVER_PROPERTIES: 'SERVER_PROPERTIES',
  LOG4J2: 'LOG4J2_PROPERTIES',
  META_PROPERTIES: 'META_PROPERTIES',
} as const;
