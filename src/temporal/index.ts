// The door to the room of Temporal: what Millrace expects of a server, and connecting to it.
export { applyFootprint } from './apply.ts';
export {
  connectClient,
  connectNative,
  lazyClient,
  temporalTarget,
  unreachable,
  type ConnectedClient,
  type TemporalTarget,
} from './connect.ts';
export { diffFootprint, type Difference, type TemporalServices } from './diff.ts';
export { FOOTPRINT_PATH, loadFootprint, parseFootprint, type Footprint } from './footprint.ts';
export { GRPC, grpcCodeOf, isUnreachable, reasonOf } from './grpc.ts';
