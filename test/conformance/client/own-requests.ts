// Which recorded requests the client has a way to make.
import type { MesosEndpoint } from '../../../src/mesos/index.ts';
import { SCHEDULER_PATH } from '../../../src/mesos/http.ts';
import type { FrameworkInfo } from '../../../src/mesos/types.ts';
import type { Entry } from './transcript.ts';

export interface SubscribeBody {
  subscribe: { framework_info: FrameworkInfo; suppressed_roles?: string[] };
  framework_id?: { value: string };
}

/** Whether the client has a way to make this request: fenced calls, and subscriptions with one framework id. */
export function canSend({ type, stream, body, http }: Entry): boolean {
  const { method, path, headers = {}, raw } = http ?? {};
  const kinds = Object.keys(headers).map((name) => name.toLowerCase());
  const plain =
    method === 'POST' &&
    path === SCHEDULER_PATH &&
    raw !== true &&
    headers['Accept'] === 'application/json' &&
    headers['Content-Type'] === 'application/json' &&
    isOwnAuthorization(headers['Authorization']);
  if (!plain || typeof body !== 'object' || body === null) return false;
  if (type === 'SUBSCRIBE') {
    const { framework_id, subscribe: wanted } = body as Partial<SubscribeBody>;
    return (
      stream !== undefined &&
      !kinds.includes('mesos-stream-id') &&
      wanted?.framework_info !== undefined &&
      Object.keys(wanted).every((key) => key === 'framework_info' || key === 'suppressed_roles') &&
      framework_id?.value === wanted.framework_info.id?.value
    );
  }
  const [first, second] = Object.keys(body);
  return kinds.includes('mesos-stream-id') && first === 'type' && second === 'framework_id';
}

function isOwnAuthorization(header: string | undefined): boolean {
  return header === undefined || credentialOf(header) !== undefined;
}

/** Principal and secret of a basic authentication that could have been ours. */
function credentialOf(header: string | undefined): MesosEndpoint['credential'] {
  const encoded = /^Basic (.+)$/.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [principal, secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return principal === undefined || secret === undefined ? undefined : { principal, secret };
}

export function identityOf(entry: Entry): Pick<MesosEndpoint, 'credential'> {
  const credential = credentialOf(entry.http?.headers?.['Authorization']);
  return credential === undefined ? {} : { credential };
}
