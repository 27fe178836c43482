import { describe, expect, it } from 'vitest';
import { mayOffer } from '../../../../src/local/mesos/allocator/eligible.ts';
import type { Agent, Framework } from '../../../../src/local/mesos/master/state.ts';
import type { AttributeConstraint } from '../../../../src/local/mesos/wire/call-types.ts';

const HOME = { fault_domain: { region: { name: 'home' }, zone: { name: 'z1' } } };
const AWAY = { fault_domain: { region: { name: 'away' }, zone: { name: 'z9' } } };

const AGENT: Agent = {
  id: 'a',
  hostname: 'host-1',
  port: 5051,
  attributes: [
    { name: 'rack', type: 'TEXT', text: { value: 'r1' } },
    { name: 'units', type: 'SCALAR', scalar: { value: 2 } },
  ],
  domain: HOME,
  resources: [],
  total: [],
  registeredAtMs: 0,
};

function framework(groups?: AttributeConstraint[][], capabilities: string[] = []): Framework {
  return {
    id: 'f',
    info: { user: 'u', name: 'n', capabilities: capabilities.map((type) => ({ type })) },
    roles: ['kafka'],
    suppressedRoles: [],
    ...(groups
      ? {
          offerConstraints: {
            role_constraints: { kafka: { groups: groups.map((all) => ({ attribute_constraints: all })) } },
          },
        }
      : {}),
    registeredAtMs: 0,
    reregisteredAtMs: 0,
  };
}

const rack = { attribute_name: 'rack' };
const none = { attribute_name: 'none' };

describe('offer constraints', () => {
  it.each([
    ['exists', rack, { exists: {} }, true],
    ['exists', none, { exists: {} }, false],
    ['not_exists', rack, { not_exists: {} }, false],
    ['not_exists', none, { not_exists: {} }, true],
    ['text_equals', rack, { text_equals: { value: 'r1' } }, true],
    ['text_equals', rack, { text_equals: { value: 'r2' } }, false],
    ['text_equals', none, { text_equals: { value: 'r1' } }, false],
    ['text_not_equals', rack, { text_not_equals: { value: 'r1' } }, false],
    ['text_not_equals', none, { text_not_equals: { value: 'r1' } }, true],
    ['text_matches, of the whole text', rack, { text_matches: { regex: 'r' } }, false],
    ['text_matches', rack, { text_matches: { regex: 'r\\d' } }, true],
    ['text_not_matches', rack, { text_not_matches: { regex: 'r\\d' } }, false],
    ['text_not_matches', none, { text_not_matches: { regex: 'r\\d' } }, true],
    ['text on what is no text', { attribute_name: 'units' }, { text_equals: { value: '2' } }, true],
    ['the host', { pseudoattribute_type: 'HOSTNAME' }, { text_equals: { value: 'host-1' } }, true],
    ['the region', { pseudoattribute_type: 'REGION' }, { text_equals: { value: 'home' } }, true],
    ['the zone', { pseudoattribute_type: 'ZONE' }, { text_equals: { value: 'z2' } }, false],
  ])('%s (%j %j): %s', (_what, selector, predicate, expected) => {
    expect(mayOffer(framework([[{ selector, predicate }]]), 'kafka', AGENT, HOME)).toBe(expected);
  });

  it('hold when one group holds as a whole, and say nothing about other roles', () => {
    const yes = { selector: rack, predicate: { exists: {} } };
    const no = { selector: none, predicate: { exists: {} } };
    expect(mayOffer(framework([[yes, no]]), 'kafka', AGENT, HOME)).toBe(false);
    expect(mayOffer(framework([[yes, no], [yes]]), 'kafka', AGENT, HOME)).toBe(true);
    expect(mayOffer(framework([[no]]), 'other', AGENT, HOME)).toBe(true);
    expect(mayOffer(framework(), 'kafka', AGENT, HOME)).toBe(true);
  });
});

describe('an agent of another region', () => {
  it('is offered to those who are aware of regions only', () => {
    const remote = { ...AGENT, domain: AWAY };
    expect(mayOffer(framework(), 'kafka', remote, HOME)).toBe(false);
    expect(mayOffer(framework(undefined, ['REGION_AWARE']), 'kafka', remote, HOME)).toBe(true);
  });
});
