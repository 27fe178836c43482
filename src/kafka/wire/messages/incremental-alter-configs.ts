// IncrementalAlterConfigs (44): changes named values of topics and brokers, and leaves all others (KIP-339).
import type { Api } from '../api.ts';
import type { ConfigResource } from './describe-configs.ts';

/** What is done to a key (org.apache.kafka.clients.admin.AlterConfigOp.OpType). */
const SET = 0;
const DELETE = 1;

export interface ConfigChange extends ConfigResource {
  /** By key; null deletes the value, so that the next place holds that has one. */
  values: Readonly<Record<string, string | null>>;
}

interface AlterConfigsRequest {
  changes: readonly ConfigChange[];
  validateOnly: boolean;
}

export interface AlterConfigsResult {
  name: string;
  errorCode: number;
  errorMessage: string | null;
}

/** A change of one broker has to be sent to that broker; all others to any, which passes it on. Version 1 only. */
export const incrementalAlterConfigs: Api<AlterConfigsRequest, AlterConfigsResult[]> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  minVersion: 1,
  maxVersion: 1,
  flexibleFrom: 1,
  encode: (writer, { changes, validateOnly }) => {
    writer.array(changes, ({ type, name, values }) => {
      writer.int8(type);
      writer.string(name);
      writer.array(Object.entries(values), ([key, value]) => {
        writer.string(key);
        writer.int8(value === null ? DELETE : SET);
        writer.string(value);
        writer.endStruct();
      });
      writer.endStruct();
    });
    writer.boolean(validateOnly);
    writer.endStruct();
  },
  decode: (reader) => {
    reader.int32(); // throttle time
    return reader.array(() => {
      const errorCode = reader.int16();
      const errorMessage = reader.nullableString();
      reader.int8(); // resource type
      const name = reader.string();
      reader.endStruct();
      return { name, errorCode, errorMessage };
    });
  },
};
