// Directories of agents: sandboxes of executors and tasks, persistent volumes, and the links between them.
import { lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Resource } from '../../../mesos/types.ts';
import { volumesIn } from '../master/operations.ts';
import type { DiskSource } from '../master/operations.ts';
import type { Executor, Task } from '../master/state.ts';

/** `<state>/agents/<id>` */
export function agentDirectory(stateDir: string, agentId: string): string {
  return join(resolve(stateDir), 'agents', safeName(agentId));
}

/**
 * Where a volume lies: a MOUNT disk is the volume; else `volumes/roles/<role>/<persistence id>` below the agent's directory
 * or the root of its PATH disk. A role with slashes is one directory, as in Mesos.
 */
export function volumeDirectory(
  stateDir: string,
  agentId: string,
  { role, id, source }: { role: string; id: string; source?: DiskSource },
): string {
  if (source?.type === 'MOUNT' && source.mount?.root !== undefined) return source.mount.root;
  const base = source?.path?.root ?? agentDirectory(stateDir, agentId);
  return join(base, 'volumes', 'roles', role.replaceAll('/', ' '), safeName(id));
}

/** `<agent>/sandboxes/<framework>/<executor>/<container>` */
export function executorSandbox(stateDir: string, executor: Omit<Executor, 'sandbox'>): string {
  const { agentId, frameworkId, id, containerId } = executor;
  return join(
    agentDirectory(stateDir, agentId),
    'sandboxes',
    safeName(frameworkId),
    safeName(id),
    containerId,
  );
}

/** Creates the directory of a volume. */
export function createVolume(directory: string): void {
  mkdirSync(directory, { recursive: true });
}

/** Removes the directory of a volume and what is in it. The root of a MOUNT disk stays, empty, as a mount point does. */
export function destroyVolume(directory: string, source: DiskSource | undefined): void {
  rmSync(directory, { recursive: true, force: true });
  if (source?.type === 'MOUNT') mkdirSync(directory, { recursive: true });
}

/**
 * Makes the sandboxes of a task and its executor, with the volumes of both in place.
 * @throws Error when a container path leads out of the sandbox or is taken
 */
export function prepareSandbox(stateDir: string, executor: Executor, task: Task): void {
  mkdirSync(executor.sandbox, { recursive: true });
  mkdirSync(task.sandbox, { recursive: true });
  linkVolumes(stateDir, executor.agentId, executor.resources, executor.sandbox);
  linkVolumes(stateDir, executor.agentId, task.resources, executor.sandbox);
  if (task.sandbox !== executor.sandbox)
    for (const { containerPath } of volumesIn(task.resources))
      link(inside(executor.sandbox, containerPath), inside(task.sandbox, containerPath));
  for (const volume of task.description.container?.volumes ?? []) {
    const source = volume.source?.sandbox_path;
    if (!source) continue;
    const from = inside(source.type === 'PARENT' ? executor.sandbox : task.sandbox, source.path);
    mkdirSync(from, { recursive: true });
    link(from, inside(task.sandbox, volume.container_path));
  }
}

function linkVolumes(
  stateDir: string,
  agentId: string,
  resources: readonly Resource[],
  sandbox: string,
): void {
  for (const volume of volumesIn(resources))
    link(volumeDirectory(stateDir, agentId, volume), inside(sandbox, volume.containerPath));
}

function link(target: string, at: string): void {
  if (target === at) return;
  mkdirSync(dirname(at), { recursive: true });
  if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  symlinkSync(target, at);
}

/** The path below `directory`. @throws Error when it is absolute or leads out */
export function inside(directory: string, path: string): string {
  const full = resolve(directory, path);
  if (path.startsWith('/') || relative(directory, full).startsWith('..'))
    throw new Error(`the path '${path}' leads out of the sandbox`);
  return full;
}

/** Ids come from schedulers: they name one directory each, never a path. */
function safeName(id: string): string {
  const name = encodeURIComponent(id);
  return name === '.' || name === '..' ? name.replaceAll('.', '%2E') : name;
}
