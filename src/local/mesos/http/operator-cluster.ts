// Operator calls about frameworks and roles: teardown, quota, weights.
import { isAllowed } from '../master/acls.ts';
import { removeFramework } from '../master/frameworks.ts';
import { offersOf, rescindOffers } from '../master/offers.ts';
import { isBelowRole, rolesAboveLimits, updateQuota } from '../master/quota.ts';
import { FORBIDDEN } from './operator-change.ts';
import type { OperatorChange } from './operator-change.ts';
import { text } from './response.ts';

export const CLUSTER_CHANGES: Readonly<Record<string, OperatorChange>> = {
  TEARDOWN: (master, { teardown }, principal) => {
    const framework = master.state.frameworks[teardown?.framework_id.value ?? ''];
    if (!framework) return text(400, 'No framework found with specified ID');
    const owner = framework.info.principal;
    if (!isAllowed(master, 'teardown_frameworks', principal, owner === undefined ? [] : [owner]))
      return FORBIDDEN;
    removeFramework(master, framework);
    return { status: 200 };
  },
  UPDATE_QUOTA: (master, { update_quota: call }, principal) => {
    const configs = call?.quota_configs ?? [];
    if (
      !isAllowed(
        master,
        'update_quotas',
        principal,
        configs.map(({ role }) => role),
      )
    )
      return FORBIDDEN;
    const problem = updateQuota(master, configs, call?.force ?? false);
    if (problem !== undefined) return text(400, problem);
    for (const role of rolesAboveLimits(master))
      rescindOffers(
        master,
        offersOf(master, {}).filter((offer) => isBelowRole(offer.role, role)),
      );
    return { status: 200 };
  },
  UPDATE_WEIGHTS: (master, { update_weights: call }, principal) => {
    const infos = call?.weight_infos ?? [];
    if (
      !isAllowed(
        master,
        'update_weights',
        principal,
        infos.map(({ role }) => role ?? '*'),
      )
    )
      return FORBIDDEN;
    const bad = infos.find(({ weight }) => !(weight > 0));
    if (bad)
      return text(
        400,
        `Failed to validate update weights request JSON: Invalid weight '${bad.weight}': Weights must be positive`,
      );
    master.state.weights = {
      ...master.state.weights,
      ...Object.fromEntries(infos.map(({ role, weight }) => [role ?? '*', weight])),
    };
    master.changed();
    return { status: 200 };
  },
};
