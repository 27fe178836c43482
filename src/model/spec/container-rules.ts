// The rules about what a node's container is made of: distributions, image, network, limits and secrets.
import { VARIABLE } from '../node/paths.ts';
import type { Path } from './problems.ts';
import type { ClusterSpecInput } from './schema.ts';

export type Check = (path: Path, problem: string | null) => void;

type Place = NonNullable<NonNullable<ClusterSpecInput['kafka']>['artifact']>;

const MAX_PATH_LENGTH = 1024;
const MAX_SECRETS = 64;
const CONTROL = /\p{Cc}/u;
/** What the Mesos fetcher unpacks; it looks at the end of the address only. */
const ARCHIVE = /\.(tgz|tar|tar\.gz|tar\.bz2|tbz2|tar\.xz|txz|zip)$/;
const ADDRESS = /^(https?:\/\/[^\s/?#]+\/[^\s?#]+|file:\/\/\/[^\s?#]+)$/;
/** As the Docker reference: registry, path, tag, digest. */
const IMAGE =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;
const DNS_NAME = /^(?=.{1,200}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** Checks where Kafka or Java comes from. */
export function checkPlace(check: Check, path: Path, place: Place | undefined): void {
  if (place === undefined) return;
  if ('path' in place) {
    const isAbsolute =
      place.path.startsWith('/') && place.path.length <= MAX_PATH_LENGTH && !CONTROL.test(place.path);
    check(
      [...path, 'path'],
      isAbsolute ? null : 'must be an absolute path on the agents; accepted: for example /opt/kafka',
    );
  } else if ('image' in place)
    check(
      [...path, 'image'],
      IMAGE.test(place.image) && place.image.length <= MAX_PATH_LENGTH
        ? null
        : 'must be the name of a container image; accepted: for example apache/kafka:4.1.1',
    );
  else {
    check([...path, 'uri'], uriProblem(place.uri));
    if (place.sha256 !== undefined && !/^[0-9a-f]{64}$/.test(place.sha256))
      check([...path, 'sha256'], 'must be the SHA-256 of the file; accepted: 64 lower-case hex digits');
  }
}

function uriProblem(uri: string): string | null {
  const example = 'accepted: for example https://example.com/kafka_2.13-4.4.0.tgz';
  if (!ADDRESS.test(uri) || uri.length > MAX_PATH_LENGTH)
    return `must be an http, https or file address without "?" and "#"; ${example}`;
  return ARCHIVE.test(uri)
    ? null
    : `must end with what the Mesos fetcher unpacks: .tgz, .tar, .tar.gz, .tar.bz2, .tbz2, .tar.xz, .txz or .zip; ${example}`;
}

/** Checks the network and the secrets. */
export function checkContainer(check: Check, { network, secrets = [] }: ClusterSpecInput): void {
  if (network) {
    check(
      ['network', 'name'],
      /^[^\s\p{Cc}]{1,255}$/u.test(network.name)
        ? null
        : 'must be the name of a CNI network without white space',
    );
    check(
      ['network', 'domain'],
      DNS_NAME.test(network.domain)
        ? null
        : 'must be a DNS domain of lower-case labels, 200 characters at most; accepted: for example orders.mesos',
    );
  }
  if (secrets.length > MAX_SECRETS)
    check(['secrets'], `has ${secrets.length} secrets; accepted: up to ${MAX_SECRETS}`);
  const seen = new Set<string>();
  secrets.forEach((secret, index) => {
    const at: Path = ['secrets', index];
    if (!/^[\x21-\x7e]{1,255}$/.test(secret.secret))
      check(
        [...at, 'secret'],
        'must be the path of a secret: 1 to 255 printable ASCII characters without spaces',
      );
    const [key, target] = 'env' in secret ? ['env', secret.env] : ['file', secret.file];
    check([...at, key], key === 'env' ? variableProblem(target) : fileProblem(target));
    if (seen.has(`${key} ${target}`)) check([...at, key], 'is given to two secrets; accepted: each once');
    seen.add(`${key} ${target}`);
  });
}

function variableProblem(name: string): string | null {
  if (!VARIABLE_NAME.test(name)) return 'must be the name of a variable; accepted: for example DB_PASSWORD';
  const isOurs = Object.values<string>(VARIABLE).some((ours) => name === ours || name.startsWith(`${ours}_`));
  return isOurs || /^(MESOS_|LIBPROCESS_|PATH$|JAVA_HOME$)/.test(name)
    ? 'is a variable of Mesos or Millrace; accepted: another name'
    : null;
}

/** Beside the volumes and the files of the command, which it must not cover. */
function fileProblem(file: string): string | null {
  const isRelative = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/.test(file);
  if (!isRelative || file.length > 255)
    return 'must be a file below the sandbox; accepted: for example secrets/key.pem';
  return /^(data(-\d+)?|server\.properties|log4j2\.properties|kafka\.log|stdout|stderr)(\/|$)/.test(file)
    ? 'is a place that the node itself uses; accepted: another, for example secrets/key.pem'
    : null;
}
