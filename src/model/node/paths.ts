// Names of files in a node's sandbox, and of the variables that carry their text there.

/** Container path of the node's n-th persistent volume, counted from 0. */
export function volumePath(index: number): string {
  return index === 0 ? 'data' : `data-${index}`;
}

/** Kafka's n-th log directory: below the volume, whose root may hold `lost+found` and other things that are not Kafka's. */
export function logDir(index: number): string {
  return `${volumePath(index)}/kafka`;
}

/** File by which Kafka knows a formatted log directory. */
export function metaFile(index: number): string {
  return `${logDir(index)}/meta.properties`;
}

/** The variable that carries the text of `metaFile(index)`. */
export function metaVariable(index: number): string {
  return index === 0 ? VARIABLE.META_PROPERTIES : `${VARIABLE.META_PROPERTIES}_${index}`;
}

/** What is fetched to be verified before it is unpacked. */
export const ARCHIVE_FILE = { KAFKA: 'kafka.archive', JAVA: 'java.archive' } as const;

export const FILE = {
  SERVER_PROPERTIES: 'server.properties',
  LOG4J2: 'log4j2.properties',
  LOG: 'kafka.log',
} as const;

export const VARIABLE = {
  SERVER_PROPERTIES: 'SERVER_PROPERTIES',
  LOG4J2: 'LOG4J2_PROPERTIES',
  META_PROPERTIES: 'META_PROPERTIES',
} as const;
