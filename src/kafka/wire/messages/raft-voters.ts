// AddRaftVoter (80) and RemoveRaftVoter (81): the voters of the metadata quorum, by node and directory (KIP-853).
import type { Api } from '../api.ts';
import { readAcknowledgement, type Acknowledgement } from './acknowledgement.ts';

interface Voter {
  nodeId: number;
  /** Kafka's text form. */
  directoryId: string;
}

interface NewVoter extends Voter {
  /** Where the other voters reach it. */
  listener: { name: string; host: string; port: number };
  timeoutMs: number;
}

/**
 * Answered by the quorum's leader, once the new set of voters is committed. Version 0 only: version 1 adds a way not to
 * wait for that.
 */
export const addRaftVoter: Api<NewVoter, Acknowledgement> = {
  name: 'AddRaftVoter',
  key: 80,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encode: (writer, { nodeId, directoryId, listener, timeoutMs }) => {
    writer.string(null); // cluster id: any
    writer.int32(timeoutMs);
    writer.int32(nodeId);
    writer.uuid(directoryId);
    writer.array([listener], ({ name, host, port }) => {
      writer.string(name);
      writer.string(host);
      writer.uint16(port);
      writer.endStruct();
    });
    writer.endStruct();
  },
  decode: readAcknowledgement,
};

/** As {@link addRaftVoter}, for a voter that goes; it may be down. Version 0 is the only one. */
export const removeRaftVoter: Api<Voter, Acknowledgement> = {
  name: 'RemoveRaftVoter',
  key: 81,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encode: (writer, { nodeId, directoryId }) => {
    writer.string(null); // cluster id: any
    writer.int32(nodeId);
    writer.uuid(directoryId);
    writer.endStruct();
  },
  decode: readAcknowledgement,
};
