// What a container may ask of its agent, answered as an agent with Mesos' default isolators does: no image provider, no CNI
// networks, the default secret resolver; and with the rlimits isolator. Texts as in Mesos' isolators.
import type { CommandDescription, ContainerDescription, RLimit } from '../wire/call-types.ts';
import { toolPath } from './task-process.ts';

/** @throws Error with Mesos' words when the agent lacks what the container asks for */
export function checkContainer(container: ContainerDescription | undefined): void {
  const image = container?.mesos?.image;
  if (image) throw new Error(`Unsupported container image type: ${image.type}`);
  const network = container?.network_infos?.find(({ name }) => name !== undefined);
  if (network) throw new Error(`Unknown CNI network '${network.name ?? ''}'`);
}

/**
 * The secrets among the variables of a command, by name.
 * @throws Error with Mesos' words when one only names its secret
 */
export function resolveSecrets(command: CommandDescription | undefined): Record<string, string> {
  const secrets = (command?.environment?.variables ?? []).filter(({ type }) => type === 'SECRET');
  return Object.fromEntries(
    secrets.map(({ name, secret }) => {
      if (secret?.reference) throw new Error('Default secret resolver cannot resolve references');
      if (!secret?.value) throw new Error('Secret has no value');
      return [name, Buffer.from(secret.value.data, 'base64').toString('utf8')];
    }),
  );
}

/** The command line that sets the limits and then becomes `argv`. */
export function limited(argv: readonly string[], limits: readonly RLimit[] = []): string[] {
  const invalid = limits.find(({ soft, hard }) => (soft === undefined) !== (hard === undefined));
  if (invalid)
    return [
      '/bin/sh',
      '-c',
      'echo "Failed to set $0 limit: Invalid rlimit values" >&2; exit 1',
      invalid.type ?? 'UNKNOWN',
    ];
  const flags = limits.flatMap(({ type = 'UNKNOWN', soft, hard }) =>
    type === 'UNKNOWN'
      ? []
      : [`--${type.replace('RLMT_', '').toLowerCase()}=${soft ?? 'unlimited'}:${hard ?? 'unlimited'}`],
  );
  return flags.length === 0 ? [...argv] : [toolPath('prlimit'), ...flags, ...argv];
}
