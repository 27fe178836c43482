// DescribeConfigs (32): effective configuration values of topics and brokers, and where each comes from.
import type { Api } from '../api.ts';
import type { Reader } from '../reader.ts';

/** Kinds of things that have a configuration (org.apache.kafka.common.config.ConfigResource.Type). */
export const CONFIG_RESOURCE = { TOPIC: 2, BROKER: 4 } as const;

/** Where a value comes from (org.apache.kafka.clients.admin.ConfigEntry.ConfigSource). */
export const CONFIG_SOURCE = {
  DYNAMIC_TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT: 3,
  STATIC: 4,
  DEFAULT: 5,
} as const;

export interface ConfigResource {
  type: number;
  /** A topic, the id of a broker, or nothing: what all brokers have as dynamic values. */
  name: string;
}

export interface DescribeConfigsRequest {
  resources: readonly ConfigResource[];
  /** The keys that are wanted; null = all. */
  keys: readonly string[] | null;
}

export interface ConfigEntry {
  key: string;
  /** Null when it has none, or is a secret. */
  value: string | null;
  readOnly: boolean;
  source: number;
  /** Every place where it, or a key that means the same, has a value; the first one holds. */
  synonyms: { key: string; value: string | null; source: number }[];
}

export interface DescribedConfig {
  name: string;
  errorCode: number;
  entries: ConfigEntry[];
}

/** Version 4 only, known from Kafka 2.6 on. A broker is asked for its own configuration. */
export const describeConfigs: Api<DescribeConfigsRequest, DescribedConfig[]> = {
  name: 'DescribeConfigs',
  key: 32,
  minVersion: 4,
  maxVersion: 4,
  flexibleFrom: 4,
  encode: (writer, { resources, keys }) => {
    writer.array(resources, ({ type, name }) => {
      writer.int8(type);
      writer.string(name);
      writer.array(keys, (key) => {
        writer.string(key);
      });
      writer.endStruct();
    });
    writer.boolean(true); // synonyms
    writer.boolean(false); // documentation
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    return reader.array(() => readResult(reader));
  },
};

function readResult(reader: Reader): DescribedConfig {
  const errorCode = reader.int16();
  reader.nullableString(); // error message
  reader.int8(); // resource type
  const name = reader.string();
  const entries = reader.array(() => readEntry(reader));
  reader.endStruct();
  return { name, errorCode, entries };
}

function readEntry(reader: Reader): ConfigEntry {
  const key = reader.string();
  const value = reader.nullableString();
  const readOnly = reader.boolean();
  const source = reader.int8();
  reader.boolean(); // sensitive
  const synonyms = reader.array(() => {
    const synonym = { key: reader.string(), value: reader.nullableString(), source: reader.int8() };
    reader.endStruct();
    return synonym;
  });
  reader.int8(); // type
  reader.nullableString(); // documentation
  reader.endStruct();
  return { key, value, readOnly, source, synonyms };
}
