// When the metadata quorum can do without a controller.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  controllerReplaceGate,
  controllerStopGate,
  type QuorumSnapshot,
} from '../../../src/model/safety/controller-gates.ts';

/** Voters 3000, 3001, …; null is caught up. */
const quorum = (...lacks: (string | null)[]): QuorumSnapshot => ({
  leaderId: 3000,
  voters: lacks.map((text, index) => ({ nodeId: 3000 + index, lacks: text })),
});
const LAGS = 'is 12 records behind leader 3000';
const closed = (reason: RegExp) => ({ open: false, reason: expect.stringMatching(reason) });

const anyQuorum = fc
  .array(fc.option(fc.constant(LAGS), { nil: null }), { minLength: 1, maxLength: 7 })
  .map((lacks) => quorum(...lacks));
const others = ({ voters }: QuorumSnapshot, nodeId: number) =>
  voters.filter((voter) => voter.nodeId !== nodeId && voter.lacks === null).length;

describe('the gate before a controller is stopped', () => {
  it('is open when a majority is caught up without it, or when it is no voter', () => {
    expect(controllerStopGate(quorum(null, null, null), 3000, 'wait')).toEqual({ open: true });
    expect(controllerStopGate(quorum(null, null, LAGS), 3002, 'wait')).toEqual({ open: true });
    expect(controllerStopGate(quorum(null, null, LAGS, null, null), 3001, 'wait')).toEqual({ open: true });
    expect(controllerStopGate(quorum(null, LAGS, LAGS), 3009, 'wait')).toEqual({ open: true });
  });

  it('is closed otherwise, and says who lacks what', () => {
    expect(controllerStopGate(quorum(null, null, LAGS), 3001, 'allow')).toEqual({
      open: false,
      reason:
        'controller 3001 must not be stopped yet: without it controller 3000 would be caught up, ' +
        '2 of 3 voters are needed (controller 3002 is 12 records behind leader 3000)',
    });
    expect(controllerStopGate(quorum(null, null, null, LAGS), 3001, 'wait').open).toBe(false);
  });

  it('follows the policy for quorums that have no voter to spare', () => {
    for (const voters of [quorum(null), quorum(null, null)]) {
      expect(controllerStopGate(voters, 3000, 'wait')).toEqual(closed(/and the policy for such is to wait/));
      expect(controllerStopGate(voters, 3000, 'allow')).toEqual({ open: true });
    }
    expect(controllerStopGate(quorum(null, LAGS), 3000, 'allow').open).toBe(false);
  });

  it('never opens without a majority of caught-up voters, in any quorum of three or more', () => {
    fc.assert(
      fc.property(anyQuorum, fc.nat(6), (any, index) => {
        fc.pre(any.voters.length >= 3 && index < any.voters.length);
        const majority = others(any, 3000 + index) > any.voters.length / 2;
        for (const policy of ['wait', 'allow'] as const)
          expect(controllerStopGate(any, 3000 + index, policy).open).toBe(majority);
      }),
    );
  });
});

describe('the gate before the disk of a controller is given up', () => {
  it('is open when the others are a majority, also when it was removed from the voters already', () => {
    expect(controllerReplaceGate(quorum(null, null, 'does not answer'), 3002)).toEqual({ open: true });
    expect(controllerReplaceGate(quorum(null, null), 3002)).toEqual({ open: true });
  });

  it('is closed while it takes part, or the others are no majority', () => {
    expect(controllerReplaceGate(quorum(null, null, null), 3002)).toEqual(
      closed(/the controller is a caught-up voter$/),
    );
    expect(controllerReplaceGate(quorum(null, LAGS, LAGS), 3002)).toEqual(
      closed(/without it controller 3000 would be caught up, 2 of 3 voters are needed/),
    );
    expect(controllerReplaceGate(quorum(null, LAGS), 3001).open).toBe(false);
  });

  it('never opens without a majority of all voters, nor for a caught-up one, in any quorum', () => {
    fc.assert(
      fc.property(anyQuorum, fc.nat(6), (any, index) => {
        const own = any.voters[index];
        if (!controllerReplaceGate(any, 3000 + index).open) return;
        expect(own?.lacks).not.toBeNull();
        expect(others(any, 3000 + index)).toBeGreaterThan(any.voters.length / 2);
      }),
    );
  });
});
