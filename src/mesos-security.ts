// How a worker shows masters who it is, and how it knows them: principal and secret, service account, TLS.
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createLoginTokens,
  parseServiceAccount,
  sharedConnections,
  type MesosEndpoint,
  type MesosTls,
} from './mesos/index.ts';
import { MillraceError } from './model/errors.ts';

type Security = Pick<MesosEndpoint, 'credential' | 'tokens' | 'tls'>;

/**
 * Reads `MILLRACE_MESOS_PRINCIPAL` with `MILLRACE_MESOS_SECRET_FILE` or `MILLRACE_MESOS_SECRET`; in place of them
 * `MILLRACE_MESOS_SERVICE_ACCOUNT_FILE` or `MILLRACE_MESOS_SERVICE_ACCOUNT` (the JSON of a DC/OS service account secret); and
 * `MILLRACE_MESOS_CA_FILE`, `MILLRACE_MESOS_CERT_FILE`, `MILLRACE_MESOS_KEY_FILE` (PEM). No error repeats a content.
 *
 * @throws MillraceError REQUEST_INVALID naming the variable that is missing or wrong
 */
export function readMesosSecurity(environment: NodeJS.ProcessEnv): Security {
  const principal = environment['MILLRACE_MESOS_PRINCIPAL'];
  const secret = textOf(environment, 'MILLRACE_MESOS_SECRET');
  const account = textOf(environment, 'MILLRACE_MESOS_SERVICE_ACCOUNT');
  const tls = readTls(environment);
  if ((principal === undefined) !== (secret === undefined))
    throw wrong(
      'MILLRACE_MESOS_PRINCIPAL and MILLRACE_MESOS_SECRET_FILE go together (or MILLRACE_MESOS_SECRET): set both or none',
    );
  if (principal !== undefined && account !== undefined)
    throw wrong(
      'Both MILLRACE_MESOS_PRINCIPAL and MILLRACE_MESOS_SERVICE_ACCOUNT_FILE are set: masters take the one or the other',
    );
  return {
    ...(principal === undefined || secret === undefined ? {} : { credential: { principal, secret } }),
    ...(account === undefined ? {} : { tokens: tokensOf(account, tls) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function tokensOf(account: string, tls: MesosTls | undefined): NonNullable<Security['tokens']> {
  try {
    return createLoginTokens(parseServiceAccount(account), { dispatcher: sharedConnections(tls) });
  } catch (error) {
    throw wrong(
      'MILLRACE_MESOS_SERVICE_ACCOUNT_FILE does not hold a service account (accepted: JSON with uid, private_key, login_endpoint, ' +
        `scheme): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function readTls(environment: NodeJS.ProcessEnv): MesosTls | undefined {
  const ca = fileOf(environment, 'MILLRACE_MESOS_CA_FILE');
  const certificate = fileOf(environment, 'MILLRACE_MESOS_CERT_FILE');
  const key = fileOf(environment, 'MILLRACE_MESOS_KEY_FILE');
  if ((certificate === undefined) !== (key === undefined))
    throw wrong('MILLRACE_MESOS_CERT_FILE and MILLRACE_MESOS_KEY_FILE go together: set both or none');
  requireParsable('MILLRACE_MESOS_CA_FILE', 'a certificate', () => ca && new X509Certificate(ca));
  requireParsable(
    'MILLRACE_MESOS_CERT_FILE',
    'a certificate',
    () => certificate && new X509Certificate(certificate),
  );
  requireParsable('MILLRACE_MESOS_KEY_FILE', 'a private key', () => key && createPrivateKey(key));
  if (ca === undefined && certificate === undefined) return undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
  };
}

/** A mistake shows at the start, not when the first master is asked. */
function requireParsable(name: string, what: string, parse: () => unknown): void {
  try {
    parse();
  } catch {
    throw wrong(`${name} does not hold ${what} in PEM form`);
  }
}

/** The value of the variable, or the content of the file that its `_FILE` names. */
function textOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name];
  const fromFile = fileOf(environment, `${name}_FILE`)?.trim();
  if (value !== undefined && fromFile !== undefined)
    throw wrong(`Both ${name} and ${name}_FILE are set: set one of them`);
  const text = value ?? fromFile;
  if (text === '') throw wrong(`${name}${fromFile === undefined ? '' : '_FILE'} is empty`);
  return text;
}

function fileOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = environment[name];
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw wrong(`${name} ${file} cannot be read${code === undefined ? '' : ` (${code})`}`);
  }
}

function wrong(what: string): MillraceError {
  return new MillraceError('REQUEST_INVALID', `The worker was not started. ${what}.`);
}
