// Brings recorded and local events into one form where not-compared.ts allows a difference.
interface Id {
  value: string;
}
interface Status {
  task_id?: Id;
  operation_id?: Id;
  state: string;
  reason?: string;
  uuid?: string;
  healthy?: boolean;
  check_status?: object;
  container_status?: { container_id: { parent?: Id }; network_infos?: object[]; executor_pid?: number };
}
interface Offer {
  url: { address: { port: number } };
  resources: object[];
}
interface Event {
  type: string;
  subscribed?: { master_info: object };
  offers?: { offers: Offer[] };
  update?: { status: Status };
  update_operation_status?: { status: Status };
  failure?: { executor_id?: Id };
  rescind?: { offer_id: Id };
}

/** The event without what races or differs by nature; the argument is left as it is. */
export function normaliseEvent(event: unknown, masterPort: number, agentPort = 0): object {
  const copy = structuredClone(event) as Event;
  // See `agentPorts`.
  for (const { url } of copy.offers?.offers ?? []) url.address.port -= agentPort;
  sortOffers(copy.offers?.offers ?? []);
  if (copy.subscribed) copy.subscribed.master_info = hidePort(copy.subscribed.master_info, masterPort);
  if (copy.update) normaliseUpdate(copy.update.status);
  return copy;
}

/** What tells events apart that race: of the same key, the first recorded is the first received. */
export function eventKey(event: unknown): string {
  const { type, update, update_operation_status: operation, failure, rescind } = event as Event;
  const status = update?.status ?? operation?.status;
  const about = status
    ? [(status.task_id ?? status.operation_id)?.value, status.state, status.reason]
    : [failure?.executor_id?.value, rescind?.offer_id.value];
  return JSON.stringify([type, ...about]);
}

/** The task of an update that wants an acknowledgement. */
export function taskOf(event: unknown): string | undefined {
  const status = (event as Event).update?.status;
  return status?.uuid === undefined ? undefined : status.task_id?.value;
}

/** The uuid of an update, by which a redelivery is known. */
export function uuidOf(event: unknown): string | undefined {
  return (event as Event).update?.status.uuid;
}

/** Agents of the recordings differ by port; offers of one agent by what they hold. */
function sortOffers(offers: Offer[]): void {
  offers.sort((a, b) => a.url.address.port - b.url.address.port);
  for (const { resources } of offers) resources.sort((a, b) => (sortedText(a) < sortedText(b) ? -1 : 1));
}

function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** See `masterPort`. */
function hidePort(info: object, port: number): object {
  return JSON.parse(JSON.stringify(info).replaceAll(`:${port}`, ':5050')) as object;
}

function normaliseUpdate(status: Status): void {
  const container = status.container_status;
  // See `groupStarting`.
  if (status.state === 'TASK_STARTING' && container?.container_id.parent) {
    delete container.network_infos;
    delete container.executor_pid;
  }
  // See `checkRace`.
  if (status.reason === 'REASON_TASK_CHECK_STATUS_UPDATED') delete status.healthy;
  if (status.reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED') delete status.check_status;
}
