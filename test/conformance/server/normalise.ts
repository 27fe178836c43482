// Brings recorded and local events into one form where not-compared.ts allows a difference.
import type { PlainResponse } from './client.ts';

interface Id {
  value: string;
}
interface Status {
  task_id?: Id;
  operation_id?: Id;
  state: string;
  reason?: string;
  message?: string;
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
  subscribed?: { master_info?: object; get_state?: object };
  task_added?: object;
  task_updated?: { status: Status };
  offers?: { offers: Offer[] };
  update?: { status: Status };
  update_operation_status?: { status: Status };
  failure?: { executor_id?: Id };
  inverse_offers?: { inverse_offers: { url: Offer['url'] }[] };
  rescind?: { offer_id: Id };
  rescind_inverse_offer?: { inverse_offer_id: Id };
}

/** The event without what races or differs by nature; the argument is left as it is. */
export function normaliseEvent(event: unknown, masterPort: number, agentPort = 0): object {
  const copy = structuredClone(event) as Event;
  // See `agentPorts`.
  for (const { url } of copy.offers?.offers ?? []) url.address.port -= agentPort;
  sortOffers(copy.offers?.offers ?? []);
  copy.inverse_offers?.inverse_offers.sort(byText);
  if (copy.subscribed?.master_info)
    copy.subscribed.master_info = hidePort(copy.subscribed.master_info, masterPort);
  if (copy.update) normaliseUpdate(copy.update.status);
  if (copy.task_updated) normaliseUpdate(copy.task_updated.status);
  const isOperators = copy.subscribed?.get_state !== undefined || copy.task_added !== undefined;
  return isOperators ? (normaliseBody(copy, masterPort) as object) : copy;
}

/** What tells events apart that race: of the same key, the first recorded is the first received. */
export function eventKey(event: unknown): string {
  const {
    type,
    update,
    task_updated: told,
    update_operation_status: operation,
    failure,
    rescind,
    rescind_inverse_offer: rescindInverse,
  } = event as Event;
  const status = update?.status ?? told?.status ?? operation?.status;
  const offer = rescind?.offer_id ?? rescindInverse?.inverse_offer_id;
  if (offer) return JSON.stringify([type, offer.value]);
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

/** A response without what differs by nature, as normaliseEvent does for events. */
export function normaliseResponse({ status, headers, body }: PlainResponse, masterPort: number): object {
  const { Date: _date, 'Content-Length': length, ...rest } = headers;
  const isJson = headers['Content-Type'] === 'application/json' && headers['Transfer-Encoding'] === undefined;
  const named = body as { type?: string; flags?: object } | null;
  const isOwn = ['GET_FLAGS', 'GET_METRICS'].includes(named?.type ?? '') || named?.flags !== undefined;
  return {
    status,
    // See `lengths`.
    headers: hidePort({ ...rest, ...(isJson ? {} : { 'Content-Length': length }) }, masterPort),
    // See `ownContent`.
    body: isOwn ? Object.keys(body as object) : normaliseBody(body, masterPort),
  };
}

/** See `resourceOrder` and `masterPort`; a text lists resources too. */
function normaliseBody(body: unknown, port: number): unknown {
  if (typeof body === 'string') {
    const [, have = '', want = ''] = /^(.*) does not contain (.*)$/s.exec(body) ?? [];
    const sorted = (list: string): string => list.split('; ').sort().join('; ');
    return have === '' ? body : `${sorted(have)} does not contain ${sorted(want)}`;
  }
  if (Array.isArray(body)) {
    const items = body.map((item: unknown) => normaliseBody(item, port));
    return items.every((item) => isResource(item) || portOf(item) !== undefined) ? items.sort(byText) : items;
  }
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(
    Object.entries(body).map(([key, item]) => [
      key,
      key === 'master_info' ? hidePort(item as object, port) : normaliseBody(item, port),
    ]),
  );
}

function isResource(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'name' in item && 'type' in item;
}

/** Agents of the recordings differ by port; their ids do not sort alike. */
function portOf(item: unknown): number | undefined {
  const about = item as { agent_info?: { port: number }; url?: Offer['url'] } | null;
  return about?.agent_info?.port ?? about?.url?.address.port;
}

function byText(a: unknown, b: unknown): number {
  return (portOf(a) ?? 0) - (portOf(b) ?? 0) || (sortedText(a) < sortedText(b) ? -1 : 1);
}

function normaliseUpdate(status: Status): void {
  // See `directories`.
  const message = status.message?.replace(/directory '\/[^']*\/([0-9a-f-]{36})'/, "directory '$1'");
  if (message !== undefined) status.message = message;
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
