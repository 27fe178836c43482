// DescribeConfigs (32): one effective configuration value of each of several topics.
import type { Api } from '../api.ts';
import type { Reader } from '../reader.ts';

const TOPIC = 2;

interface DescribeConfigsRequest {
  topics: readonly string[];
  /** The one key that is wanted. */
  key: string;
}

interface TopicConfig {
  topic: string;
  errorCode: number;
  /** Null when the topic has no such key. */
  value: string | null;
}

/** Version 4 only, known from Kafka 2.6 on. */
export const describeTopicConfigs: Api<DescribeConfigsRequest, TopicConfig[]> = {
  name: 'DescribeConfigs',
  key: 32,
  minVersion: 4,
  maxVersion: 4,
  flexibleFrom: 4,
  encode: (writer, { topics, key }) => {
    writer.array(topics, (topic) => {
      writer.int8(TOPIC);
      writer.string(topic);
      writer.array([key], (name) => {
        writer.string(name);
      });
      writer.endStruct();
    });
    writer.boolean(false); // synonyms
    writer.boolean(false); // documentation
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    return reader.array(() => readResult(reader));
  },
};

function readResult(reader: Reader): TopicConfig {
  const errorCode = reader.int16();
  reader.nullableString(); // error message
  reader.int8(); // resource type
  const topic = reader.string();
  const values = reader.array(() => readValue(reader));
  reader.endStruct();
  return { topic, errorCode, value: values[0] ?? null };
}

function readValue(reader: Reader): string | null {
  reader.string(); // the key that was asked for
  const value = reader.nullableString();
  reader.boolean(); // read-only
  reader.int8(); // source
  reader.boolean(); // sensitive
  reader.array(() => {
    reader.string();
    reader.nullableString();
    reader.int8();
    reader.endStruct();
  });
  reader.int8(); // type
  reader.nullableString(); // documentation
  reader.endStruct();
  return value;
}
