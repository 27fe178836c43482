// Which voters are never touched; what a replacement does is tried on a real quorum (test/integration/kafka).
import { afterEach, describe, expect, it } from 'vitest';
import { judgeVoters } from '../../src/kafka/describe-voters.ts';
import { replaceVoter } from '../../src/kafka/replace-voter.ts';
import type { Quorum } from '../../src/kafka/wire/messages/describe-quorum.ts';
import { answer, closeNodes, serve } from './wire/fake-node.ts';

afterEach(closeNodes);

const replacement = {
  nodeId: 3001,
  oldDirectoryIds: ['AAAAAAAAAAAAAAAAAAAAAw', 'AAAAAAAAAAAAAAAAAAAAAQ'],
  newDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAg',
  listener: { name: 'CONTROLLER', host: '127.0.0.1', port: 9 },
};

describe('a voter', () => {
  it('that is fixed by configuration is not replaced', async () => {
    const leader = await serve(answer);
    await expect(replaceVoter(replacement, [leader])).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('voters are fixed by configuration (controller.quorum.voters)'),
    });
  });

  it('is waited for while nobody leads', async () => {
    const nobody = { nodeId: 3000, host: '127.0.0.1', port: 1 };
    expect(await replaceVoter(replacement, [nobody])).toEqual({
      ready: false,
      waitingFor: expect.stringMatching(/^no controller answers \(.*connection refused\)$/),
    });
    expect(await replaceVoter(replacement, [])).toMatchObject({ ready: false });
  });
});

describe('the voters of a quorum', () => {
  const NOW_MS = 1_000_000;
  const voter = (nodeId: number, behindMs: number) => ({
    nodeId,
    directoryId: null,
    logEndOffset: 100,
    lastFetchMs: NOW_MS,
    lastCaughtUpMs: NOW_MS - behindMs,
  });
  const quorum: Quorum = {
    leaderId: 3000,
    leaderEpoch: 4,
    highWatermark: 110,
    voters: [voter(3000, 0), voter(3001, 100), voter(3002, 5_000)],
    observers: [],
  };
  const address = (nodeId: number) => ({ nodeId, host: 'h', port: 1 });

  it('count when they are caught up and answer', () => {
    const probed = [
      { address: address(3000), said: true },
      { address: address(3001), why: 'connection refused' },
    ];
    expect(judgeVoters(quorum, probed)).toEqual({
      known: true,
      snapshot: {
        leaderId: 3000,
        voters: [
          { nodeId: 3000, lacks: null },
          { nodeId: 3001, lacks: 'does not answer (connection refused)' },
          { nodeId: 3002, lacks: 'is 10 records behind leader 3000, last caught up 5.0 s ago' },
        ],
      },
    });
  });

  it('are not known while their leader has not committed anything', () => {
    expect(judgeVoters({ ...quorum, highWatermark: -1 }, [])).toMatchObject({ known: false });
  });
});
