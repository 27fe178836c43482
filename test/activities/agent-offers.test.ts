import { describe, expect, it } from 'vitest';
import { agentOfferOf } from '../../src/activities/agent-offers.ts';
import { toAgentOffer } from '../../src/activities/offers.ts';
import { offersOf } from '../../bench/mesos/offers.ts';

describe('what placement sees of held offers', () => {
  it('is what the offers say, and is worked out once for the same offers', () => {
    const offers = offersOf(1);
    const seen = agentOfferOf(offers, 'kafka');
    expect(seen).toEqual(toAgentOffer(offers, 'kafka'));
    expect(agentOfferOf([...offers], 'kafka')).toBe(seen);
  });

  it('changes when an agent offers more, less, or something else', () => {
    const [first, second, third] = offersOf(3);
    const one = agentOfferOf([first!], 'kafka');
    const both = agentOfferOf([first!, second!], 'kafka');
    expect(both).toEqual(toAgentOffer([first!, second!], 'kafka'));
    expect(agentOfferOf([first!, third!], 'kafka')).toEqual(toAgentOffer([first!, third!], 'kafka'));
    expect(agentOfferOf([first!], 'kafka')).toEqual(one);
    expect(agentOfferOf([], 'kafka')).toBeNull();
  });
});
