// The door of the Mesos client: everything that other rooms may use.
export {
  getAgents,
  reservedByLabels,
  reservedOn,
  type AgentSummary,
  type ReservedOnAgent,
} from './agents.ts';
export { schedulerCall } from './call.ts';
export { sharedConnections, type MesosTls } from './connections.ts';
export type {
  Decision,
  Demand,
  MesosEndpoint,
  Scheduler,
  SchedulerOptions,
  SessionRef,
  SubscribeOptions,
  Subscription,
} from './contract.ts';
export {
  getMaintenance,
  maintenanceOf,
  type Machine,
  type Maintenance,
  type MaintenanceWindow,
} from './maintenance.ts';
export {
  findLeader,
  getFrameworks,
  getMaster,
  getTasks,
  type FrameworkSummary,
  type MasterSummary,
  type OperatorOptions,
  type TaskSummary,
} from './operator.ts';
export type { OfferOutcome } from './offer-log.ts';
export { getPlacementFacts, type PlacementFacts } from './placement-facts.ts';
export { containsPort, mergeRanges, sizeOfRanges, subtractRanges } from './ranges.ts';
export {
  hasLabels,
  isUnreserved,
  portRange,
  ports,
  portsIn,
  reservationsEqual,
  roundScalar,
  sameKind,
  scalar,
  subtractResources,
  sumScalar,
  withoutAllocation,
  withReservation,
} from './resources.ts';
export { getQuotas, getRoles, type QuotaSummary, type RoleSummary } from './roles.ts';
export { createScheduler } from './scheduler.ts';
export { createLoginTokens, parseServiceAccount } from './service-account.ts';
export { subscribe } from './subscribe.ts';
