// UnregisterBroker (64): the controller forgets a broker that is down and will not come back.
import type { Api } from '../api.ts';
import { readAcknowledgement, type Acknowledgement } from './acknowledgement.ts';

/** Version 0 is the only one. Answered by brokers, which pass it on, and by the active controller. */
export const unregisterBroker: Api<{ brokerId: number }, Acknowledgement> = {
  name: 'UnregisterBroker',
  key: 64,
  minVersion: 0,
  maxVersion: 0,
  flexibleFrom: 0,
  encode: (writer, { brokerId }) => {
    writer.int32(brokerId);
    writer.endStruct();
  },
  decode: readAcknowledgement,
};
