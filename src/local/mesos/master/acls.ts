// Access control lists in the form of Mesos' --acls, evaluated as its local authorizer does: the first rule that speaks of
// the subject and the object decides; without one, `permissive` does.
import type { Master } from './master.ts';

/** Who or what a rule is about. */
export type AclEntity = { values: string[] } | { type: 'ANY' | 'NONE' };

/** The actions that local Mesos asks about, with the name of their object. */
export const ACL_OBJECTS = {
  register_frameworks: 'roles',
  run_tasks: 'users',
  teardown_frameworks: 'framework_principals',
  reserve_resources: 'roles',
  unreserve_resources: 'reserver_principals',
  create_volumes: 'roles',
  destroy_volumes: 'creator_principals',
  resize_volumes: 'roles',
  update_quotas: 'roles',
  update_weights: 'roles',
  view_flags: 'flags',
  update_maintenance_schedules: 'machines',
  start_maintenances: 'machines',
  stop_maintenances: 'machines',
  drain_agents: 'agents',
  deactivate_agents: 'agents',
  reactivate_agents: 'agents',
  mark_agents_gone: 'agents',
} as const;

export type AclAction = keyof typeof ACL_OBJECTS;

/** A rule of an action: `principals` and the object of the action, such as `roles`. */
export type AclRule = { principals: AclEntity } & Record<string, AclEntity>;

export type Acls = {
  /** What holds where no rule speaks. @default true */
  permissive?: boolean;
} & Partial<Record<AclAction, readonly AclRule[]>>;

/** Whether a principal may do something to these objects; no objects stands for any. */
export function isAllowed(
  master: Master,
  action: AclAction,
  principal: string | undefined,
  objects: readonly string[] = [],
): boolean {
  const { acls } = master.settings;
  const subjects = principal === undefined ? [] : [principal];
  const asked = [...new Set(objects)];
  const decide = (wanted: readonly string[]): boolean => {
    const rule = acls[action]?.find(
      (one) => speaksOf(one.principals, subjects) && speaksOf(one[ACL_OBJECTS[action]], wanted),
    );
    if (!rule) return acls.permissive ?? true;
    return lets(rule.principals, subjects) && lets(rule[ACL_OBJECTS[action]], wanted);
  };
  return asked.length === 0 ? decide([]) : asked.every((object) => decide([object]));
}

function speaksOf(entity: AclEntity | undefined, wanted: readonly string[]): boolean {
  if (!entity) return false;
  if ('type' in entity) return true;
  return wanted.length > 0 && wanted.every((value) => entity.values.includes(value));
}

function lets(entity: AclEntity | undefined, wanted: readonly string[]): boolean {
  if (!entity) return false;
  if ('type' in entity) return entity.type === 'ANY';
  return wanted.every((value) => entity.values.includes(value));
}
