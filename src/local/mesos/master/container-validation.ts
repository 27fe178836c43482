// What a real master finds wrong with commands and containers. Rules and texts as in Mesos' common/validation.cpp.
import type {
  CommandDescription,
  ContainerDescription,
  ContainerVolume,
  SecretDescription,
  VariableDescription,
} from '../wire/call-types.ts';

/** The problem of a command's environment; undefined when there is none. */
export function commandProblem(command: CommandDescription | undefined): string | undefined {
  return firstOf(command?.environment?.variables ?? [], variableProblem);
}

/** The problem of a container's volumes; undefined when there is none. */
export function containerProblem(container: ContainerDescription | undefined): string | undefined {
  const volume = firstOf(container?.volumes ?? [], volumeProblem);
  if (volume !== undefined) return `Invalid volume: ${volume}`;
  return container?.type === 'DOCKER' && !container.docker
    ? "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo"
    : undefined;
}

function variableProblem({ name, type = 'VALUE', value, secret }: VariableDescription): string | undefined {
  const who = `Environment variable '${name}'`;
  if (type === 'UNKNOWN') return "Environment variable of type 'UNKNOWN' is not allowed";
  if (type === 'VALUE') {
    if (value === undefined) return `${who} of type 'VALUE' must have a value set`;
    return secret && `${who} of type 'VALUE' must not have a secret set`;
  }
  if (!secret) return `${who} of type 'SECRET' must have a secret set`;
  if (value !== undefined) return `${who} of type 'SECRET' must not have a value set`;
  const problem = secretProblem(secret);
  if (problem !== undefined) return `${who} specifies an invalid secret: ${problem}`;
  return Buffer.from(secret.value?.data ?? '', 'base64').includes(0)
    ? `${who} specifies a secret containing null bytes, which is not allowed in the environment`
    : undefined;
}

function secretProblem({ type, reference, value }: SecretDescription): string | undefined {
  if (type === 'REFERENCE') {
    if (!reference) return "Secret of type REFERENCE must have the 'reference' field set";
    return value && `Secret '${reference.name}' of type REFERENCE must not have the 'value' field set`;
  }
  if (type !== 'VALUE') return undefined;
  if (!value) return "Secret of type VALUE must have the 'value' field set";
  return reference && "Secret of type VALUE must not have the 'reference' field set";
}

function volumeProblem({ host_path: hostPath, source }: ContainerVolume): string | undefined {
  if ((hostPath === undefined) === (source === undefined))
    return "Only one of them should be set: 'host_path', 'image' and 'source'";
  switch (source?.type) {
    case 'SANDBOX_PATH':
      return source.sandbox_path ? undefined : "'source.sandbox_path' is not set for SANDBOX_PATH volume";
    case 'SECRET':
      return source.secret ? undefined : "'source.secret' is not set for SECRET volume";
    case 'DOCKER_VOLUME':
    case 'HOST_PATH':
    case 'CSI_VOLUME':
      return undefined;
    case undefined:
    default:
      return source && "'source.type' is unknown";
  }
}

function firstOf<T>(items: readonly T[], check: (item: T) => string | undefined): string | undefined {
  return items.map(check).find((problem) => problem !== undefined);
}
