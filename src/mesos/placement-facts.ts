// All that the operator API tells of where something could be placed: agents, who holds what, maintenance, quotas.
import { z } from 'zod';
import { MillraceError } from '../model/errors.ts';
import { getAgents, type AgentSummary } from './agents.ts';
import type { MesosEndpoint } from './contract.ts';
import { getMaintenance, type Maintenance } from './maintenance.ts';
import { ask, getMaster, type OperatorOptions } from './operator.ts';
import { getQuotas, type QuotaSummary } from './roles.ts';
import type { Resource } from './types.ts';

/** A framework, and what it has in offers. */
export interface FrameworkHoldings {
  id: string;
  name: string;
  roles: string[];
  offers: { agentId: string; resources: Resource[] }[];
}

export interface PlacementFacts {
  agents: AgentSummary[];
  frameworks: FrameworkHoldings[];
  maintenance: Maintenance;
  quotas: QuotaSummary[];
  /** Of the masters, where they have one: agents of other regions are remote. */
  region?: string;
  /** What the master did not tell, and in which words: a stripped-down or guarded master is no reason to say nothing. */
  unknown: string[];
}

const id = z.looseObject({ value: z.string() });
const resources = z.array(z.looseObject({ name: z.string(), type: z.string() })).default([]);
const frameworksSchema = z.looseObject({
  get_frameworks: z.looseObject({
    frameworks: z
      .array(
        z.looseObject({
          framework_info: z.looseObject({
            id,
            name: z.string(),
            role: z.string().optional(),
            roles: z.array(z.string()).optional(),
          }),
          offers: z.array(z.looseObject({ agent_id: id, resources })).default([]),
        }),
      )
      .default([]),
  }),
});

/** Asks for everything at once. @throws MillraceError MESOS_UNREACHABLE; MESOS_REFUSED when even the agents are not told */
export async function getPlacementFacts(
  endpoint: MesosEndpoint,
  options: OperatorOptions = {},
): Promise<PlacementFacts> {
  const unknown: string[] = [];
  const optional = async <T>(what: string, answer: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      unknown.push(`${what}: ${error.message}`);
      return otherwise;
    }
  };
  const [agents, frameworks, maintenance, quotas, { region }] = await Promise.all([
    getAgents(endpoint, options),
    optional('frameworks and their offers', getHoldings(endpoint, options), []),
    optional('maintenance', getMaintenance(endpoint, options), { windows: [], down: [] }),
    optional('quotas', getQuotas(endpoint, options), []),
    optional<{ region?: string }>("the masters' region", getMaster(endpoint, options), {}),
  ]);
  return {
    agents,
    frameworks,
    maintenance,
    quotas,
    ...(region === undefined ? {} : { region }),
    unknown: unknown.sort(),
  };
}

async function getHoldings(endpoint: MesosEndpoint, options: OperatorOptions): Promise<FrameworkHoldings[]> {
  const { answer } = await ask(endpoint, 'GET_FRAMEWORKS', frameworksSchema, options);
  return answer.get_frameworks.frameworks.map(({ framework_info: info, offers }) => ({
    id: info.id.value,
    name: info.name,
    roles: info.roles ?? (info.role === undefined ? [] : [info.role]),
    offers: offers.map((offer) => ({
      agentId: offer.agent_id.value,
      resources: offer.resources as unknown as Resource[],
    })),
  }));
}
