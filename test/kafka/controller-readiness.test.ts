// When a controller counts as a caught-up voter.
import { describe, expect, it } from 'vitest';
import { controllerReadiness, judgeVoter } from '../../src/kafka/controller-readiness.ts';
import type { Quorum, QuorumReplica } from '../../src/kafka/wire/messages/describe-quorum.ts';

const NOW_MS = 1_795_530_668_000;

const replica = (nodeId: number, logEndOffset: number, agoMs: number): QuorumReplica => ({
  nodeId,
  directoryId: 'AAAAAAAAAAAAAAAAAAAAAA',
  logEndOffset,
  lastFetchMs: NOW_MS - agoMs,
  lastCaughtUpMs: NOW_MS - agoMs,
});

const quorum = (follower: QuorumReplica, rest: Partial<Quorum> = {}): Quorum => ({
  leaderId: 3000,
  leaderEpoch: 4,
  highWatermark: 100,
  voters: [replica(3000, 100, 0), follower],
  observers: [replica(0, 100, 0)],
  ...rest,
});

describe('a controller', () => {
  it('is ready as the leader, and as a voter that was caught up within two seconds', () => {
    expect(judgeVoter(3000, quorum(replica(3001, 5, 60_000)))).toEqual({ ready: true });
    expect(judgeVoter(3001, quorum(replica(3001, 99, 2_000)))).toEqual({ ready: true });
  });

  it('is not ready while it lags, and says by how much and since when', () => {
    expect(judgeVoter(3001, quorum(replica(3001, 40, 4_200)))).toEqual({
      ready: false,
      waitingFor: 'controller 3001 is 60 records behind leader 3000, last caught up 4.2 s ago',
    });
    const never = { ...replica(3001, 40, 0), lastCaughtUpMs: -1 };
    expect(judgeVoter(3001, quorum(never))).toHaveProperty(
      'waitingFor',
      expect.stringContaining('last caught up never'),
    );
  });

  it('is not ready before it fetched at all, or before the leader committed anything', () => {
    expect(judgeVoter(3001, quorum(replica(3001, -1, 0)))).toEqual({
      ready: false,
      waitingFor: 'controller 3001 has not fetched from leader 3000 yet',
    });
    expect(judgeVoter(3000, quorum(replica(3001, 5, 0), { highWatermark: -1 })).ready).toBe(false);
  });

  it('is judged by its offset alone where Kafka tells no times', () => {
    const timeless = (logEndOffset: number): Quorum => {
      const replicas = [replica(3000, 100, 0), replica(3001, logEndOffset, 0)];
      return quorum(replica(3001, 0, 0), {
        voters: replicas.map((voter) => ({ ...voter, lastFetchMs: -1, lastCaughtUpMs: -1 })),
      });
    };
    expect(judgeVoter(3001, timeless(100))).toEqual({ ready: true });
    expect(judgeVoter(3001, timeless(99))).toHaveProperty(
      'waitingFor',
      'controller 3001 is 1 record behind leader 3000',
    );
  });

  it('is not ready when it is no voter, and says whether it observes', () => {
    expect(judgeVoter(0, quorum(replica(3001, 100, 0)))).toEqual({
      ready: false,
      waitingFor:
        'controller 0 is an observer, not yet a voter of the metadata quorum (controllers 3000, 3001)',
    });
    expect(judgeVoter(3009, quorum(replica(3001, 100, 0)))).toHaveProperty(
      'waitingFor',
      expect.stringContaining('controller 3009 is not a voter'),
    );
  });

  it('cannot be asked for without its address', async () => {
    await expect(controllerReadiness(3000, [])).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
