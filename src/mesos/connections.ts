// Connections to masters: plain or TLS, with the operator's own certificate authority and client certificate.
import { Agent } from 'undici';

/** PEM texts. */
export interface MesosTls {
  /** Trusted in place of the usual authorities. */
  ca?: string;
  /** What this process shows, where masters ask for it; with its key. */
  certificate?: string;
  key?: string;
}

/** One master must not use up the time for all: a live one takes a connection at once. */
const CONNECT_TIMEOUT_MS = 2_000;

const plain = createConnections(undefined);
const shared = new WeakMap<MesosTls, Agent>();

/** New connections. A body may be silent for as long as it likes: an event stream is. */
export function createConnections(tls: MesosTls | undefined, options: Agent.Options = {}): Agent {
  return new Agent({
    allowH2: false,
    bodyTimeout: 0,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
    },
    ...options,
  });
}

/** Connections of this process to masters, for all that is not a session's own. */
export function sharedConnections(tls: MesosTls | undefined): Agent {
  if (tls === undefined) return plain;
  const known = shared.get(tls) ?? createConnections(tls);
  shared.set(tls, known);
  return known;
}
