// The agents of a Mesos and what is reserved on them, from the master's point of view (GET_AGENTS).
import { z } from 'zod';
import type { MesosEndpoint } from './contract.ts';
import { ask, type OperatorOptions } from './operator.ts';
import { hasLabels } from './resources.ts';
import type { Attribute, DomainInfo, Resource } from './types.ts';

export interface AgentSummary {
  id: string;
  hostname: string;
  /** Registered and neither disconnected nor deactivated. */
  active: boolean;
  /** An operator keeps it from offers, for itself or while it drains. */
  deactivated?: true;
  /** Its tasks are being ended by an operator; `markGone`: it will not come back. */
  drain?: { state: string; markGone: boolean };
  /** Address under which it registered; maintenance names machines by it, too. */
  ip?: string;
  attributes: Attribute[];
  region?: string;
  zone?: string;
  /** Everything there is, reserved or not, with `reservations` and `disk`. */
  totalResources: Resource[];
  /** What tasks and executors hold. */
  allocatedResources: Resource[];
  /** What is in offers at the moment. */
  offeredResources: Resource[];
}

/** What one agent holds under some labels. */
export interface ReservedOnAgent {
  agent: AgentSummary;
  /** Everything reserved with the labels, volumes included. */
  resources: Resource[];
  /** The persistent volumes among them. */
  volumes: Resource[];
}

const resources = z.array(z.looseObject({ name: z.string(), type: z.string() })).default([]);
const schema = z.looseObject({
  get_agents: z.looseObject({
    agents: z
      .array(
        z.looseObject({
          agent_info: z.looseObject({
            id: z.looseObject({ value: z.string() }),
            hostname: z.string(),
            attributes: z.array(z.looseObject({ name: z.string() })).default([]),
            domain: z.looseObject({}).optional(),
          }),
          active: z.boolean(),
          deactivated: z.boolean().default(false),
          pid: z.string().optional(),
          drain_info: z
            .looseObject({
              state: z.string(),
              config: z.looseObject({ mark_gone: z.boolean().default(false) }).optional(),
            })
            .optional(),
          total_resources: resources,
          allocated_resources: resources,
          offered_resources: resources,
        }),
      )
      .default([]),
  }),
});

type AgentAnswer = z.infer<typeof schema>['get_agents']['agents'][number];

/** The registered agents, inactive ones included. @throws MillraceError MESOS_UNREACHABLE, MESOS_REFUSED */
export async function getAgents(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<AgentSummary[]> {
  const { answer } = await ask(endpoint, 'GET_AGENTS', schema, options);
  return answer.get_agents.agents.map(toSummary);
}

/** Where something is reserved whose innermost reservation carries all these labels. */
export function reservedByLabels(
  agents: readonly AgentSummary[],
  labels: Readonly<Record<string, string>>,
): ReservedOnAgent[] {
  return agents.flatMap((agent) => {
    const found = agent.totalResources.filter((resource) => hasLabels(resource, labels));
    if (found.length === 0) return [];
    return [
      { agent, resources: found, volumes: found.filter(({ disk }) => disk?.persistence !== undefined) },
    ];
  });
}

function toSummary(agent: AgentAnswer): AgentSummary {
  const info = agent.agent_info;
  const domain = (info.domain as DomainInfo | undefined)?.fault_domain;
  return {
    id: info.id.value,
    hostname: info.hostname,
    active: agent.active && !agent.deactivated,
    ...(agent.deactivated ? { deactivated: true } : {}),
    ...(agent.drain_info === undefined
      ? {}
      : {
          drain: { state: agent.drain_info.state, markGone: agent.drain_info.config?.mark_gone ?? false },
        }),
    ...ipOf(agent.pid),
    attributes: info.attributes as unknown as Attribute[],
    ...(domain === undefined ? {} : { region: domain.region.name, zone: domain.zone.name }),
    totalResources: agent.total_resources.map(toResource),
    allocatedResources: agent.allocated_resources.map(toResource),
    offeredResources: agent.offered_resources.map(toResource),
  };
}

/** What of an agent is reserved, for whomever. */
export function reservedOn(agent: AgentSummary): Resource[] {
  return agent.totalResources.filter(({ reservations }) => (reservations ?? []).length > 0);
}

/** From libprocess' name of the agent: `slave(1)@10.0.0.7:5051`, `slave(1)@[fd00::7]:5051`. */
function ipOf(pid = ''): { ip?: string } {
  const ip = /@\[?([0-9a-fA-F.:]+?)\]?:\d+$/.exec(pid)?.[1];
  return ip === undefined ? {} : { ip };
}

/** Operator answers say a reservation twice; the old form (`role`, `reservation`) must not be sent back. */
function toResource(resource: { name: string; type: string }): Resource {
  const {
    role: _role,
    reservation: _reservation,
    ...rest
  } = resource as Resource & { reservation?: unknown };
  return rest;
}
