// Which agents a framework may be offered at all, whatever is free there: its own region, and its offer constraints.
import type { DomainInfo } from '../../../mesos/types.ts';
import type { Agent, Framework } from '../master/state.ts';
import type { AttributeConstraint, OfferConstraints } from '../wire/call-types.ts';

/** Whether offers of this agent may go to the framework for this role. */
export function mayOffer(
  framework: Framework,
  role: string,
  agent: Agent,
  masterDomain: DomainInfo | undefined,
): boolean {
  return isInReach(framework, agent, masterDomain) && meets(framework.offerConstraints, role, agent);
}

/** Only frameworks that are REGION_AWARE are offered agents of other regions than the master's, if that has one. */
function isInReach(framework: Framework, agent: Agent, masterDomain: DomainInfo | undefined): boolean {
  const regions = [agent.domain, masterDomain].map((domain) => domain?.fault_domain?.region.name);
  return (
    regions.includes(undefined) ||
    regions[0] === regions[1] ||
    (framework.info.capabilities ?? []).some(({ type }) => type === 'REGION_AWARE')
  );
}

/** One group has to hold as a whole; a role without groups takes all. */
function meets(constraints: OfferConstraints | undefined, role: string, agent: Agent): boolean {
  const groups = constraints?.role_constraints?.[role]?.groups ?? [];
  return (
    groups.length === 0 ||
    groups.some(({ attribute_constraints: all = [] }) => all.every((constraint) => holds(constraint, agent)))
  );
}

function holds({ selector, predicate = {} }: AttributeConstraint, agent: Agent): boolean {
  const attribute = selected(selector, agent);
  if (predicate.exists) return attribute !== undefined;
  if (predicate.not_exists) return attribute === undefined;
  // A predicate on text says nothing about an attribute that is no text: the agent is not left out for it.
  if (attribute !== undefined && attribute.text === undefined) return true;
  const value = attribute?.text;
  const {
    text_equals: equals,
    text_not_equals: not,
    text_matches: matches,
    text_not_matches: misses,
  } = predicate;
  if (equals) return value === equals.value;
  if (not) return value !== not.value;
  if (matches) return value !== undefined && whole(matches.regex).test(value);
  if (misses) return value === undefined || !whole(misses.regex).test(value);
  return true;
}

/** RE2's FullMatch. */
function whole(regex: string): RegExp {
  return new RegExp(`^(?:${regex})$`);
}

/** The attribute that a selector means; `text` is missing in one that is no text. */
function selected(
  selector: AttributeConstraint['selector'],
  agent: Agent,
): { text: string | undefined } | undefined {
  const place = agent.domain?.fault_domain;
  const text = (value: string | undefined): { text: string } | undefined =>
    value === undefined ? undefined : { text: value };
  switch (selector.pseudoattribute_type) {
    case 'HOSTNAME':
      return text(agent.hostname);
    case 'REGION':
      return text(place?.region.name);
    case 'ZONE':
      return text(place?.zone.name);
    case undefined:
    default: {
      const found = agent.attributes.find(({ name }) => name === selector.attribute_name);
      return found && { text: found.text?.value };
    }
  }
}
