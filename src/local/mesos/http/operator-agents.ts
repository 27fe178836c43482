// Operator calls about agents and their machines: maintenance, draining, gone.
import { isAllowed } from '../master/acls.ts';
import type { AclAction } from '../master/acls.ts';
import { removeAgent } from '../master/agents.ts';
import { agentOf } from '../master/away.ts';
import { deactivateAgent, drainAgent, reactivateAgent } from '../master/drain.ts';
import { startMaintenance, stopMaintenance, updateSchedule } from '../master/maintenance.ts';
import { FORBIDDEN } from './operator-change.ts';
import type { OperatorChange } from './operator-change.ts';
import { text } from './response.ts';
import type { Answer } from './response.ts';

export const AGENT_CHANGES: Readonly<Record<string, OperatorChange>> = {
  UPDATE_MAINTENANCE_SCHEDULE: allowed('update_maintenance_schedules', (master, call) =>
    done(updateSchedule(master, call.update_maintenance_schedule?.schedule.windows ?? [])),
  ),
  START_MAINTENANCE: allowed('start_maintenances', (master, call) =>
    done(startMaintenance(master, call.start_maintenance?.machines ?? [])),
  ),
  STOP_MAINTENANCE: allowed('stop_maintenances', (master, call) =>
    done(stopMaintenance(master, call.stop_maintenance?.machines ?? [])),
  ),
  DEACTIVATE_AGENT: allowed('deactivate_agents', (master, call) => {
    const agent = master.state.agents[call.deactivate_agent?.agent_id.value ?? ''];
    if (!agent) return text(400, 'Unknown agent');
    deactivateAgent(master, agent);
    return { status: 200 };
  }),
  DRAIN_AGENT: allowed('drain_agents', (master, { drain_agent: call }, principal) => {
    const markGone = call?.mark_gone ?? false;
    if (markGone && !isAllowed(master, 'mark_agents_gone', principal)) return FORBIDDEN;
    const agent = master.state.agents[call?.agent_id.value ?? ''];
    if (!agent) return text(400, 'Unknown agent');
    const grace = call?.max_grace_period?.nanoseconds;
    return done(
      drainAgent(master, agent, { maxGraceMs: grace === undefined ? undefined : grace / 1e6, markGone }),
    );
  }),
  REACTIVATE_AGENT: allowed('reactivate_agents', (master, call) =>
    done(reactivateAgent(master, master.state.agents[call.reactivate_agent?.agent_id.value ?? ''])),
  ),
  MARK_AGENT_GONE: allowed('mark_agents_gone', (master, { mark_agent_gone: gone }) => {
    const id = gone?.agent_id.value ?? '';
    const agent = agentOf(master, id);
    if (!agent) return text(404, `Agent '${id}' not found`);
    removeAgent(master, agent, 'gone');
    return { status: 200 };
  }),
};

function allowed(action: AclAction, change: OperatorChange): OperatorChange {
  return (master, call, principal) =>
    isAllowed(master, action, principal) ? change(master, call, principal) : FORBIDDEN;
}

function done(problem: string | undefined): Answer {
  return problem === undefined ? { status: 200 } : text(400, problem);
}
