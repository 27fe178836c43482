// Which of several controllers is believed, and how long the silent ones are waited for.
import { afterEach, describe, expect, it } from 'vitest';
import { controllerReadiness } from '../../src/kafka/controller-readiness.ts';
import { describeQuorum } from '../../src/kafka/describe-quorum.ts';
import { answer, closeNodes, frame, serve } from './wire/fake-node.ts';

/** Far beyond the grace: an ask that takes this long has waited for the silent one. */
const TIMEOUT_MS = 4_000;
/** Where the leader epoch is inside the recorded answer: after length and correlation id (8), names, errors and the leader's id (36). */
const EPOCH_AT = 8 + 36;

afterEach(closeNodes);

const leader = (epoch: number) =>
  serve((request, socket) => {
    if (request.readInt16BE(0) === 18) {
      answer(request, socket);
      return;
    }
    const bytes = frame(request, 'describeQuorum2');
    bytes.writeInt32BE(epoch, EPOCH_AT);
    socket.write(bytes);
  });
const silent = () => serve(() => undefined);

describe('the metadata quorum', () => {
  it('is told by the controller with the newest epoch when two believe to lead', async () => {
    const controllers = [await leader(6), await leader(7), await leader(5)];
    expect(await describeQuorum(controllers)).toMatchObject({ leaderId: 3000, leaderEpoch: 7 });
  });

  it('is told without waiting for a frozen controller once the leader has answered', async () => {
    const startedMs = performance.now();
    expect(await describeQuorum([await silent(), await leader(1)], { timeoutMs: TIMEOUT_MS })).toMatchObject({
      leaderEpoch: 1,
    });
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS);
  });

  it('does not make a controller ready that does not answer itself', async () => {
    const controllers = [
      { ...(await silent()), nodeId: 3001 },
      { ...(await leader(1)), nodeId: 3000 },
    ];
    expect(await controllerReadiness(3000, controllers, { timeoutMs: TIMEOUT_MS })).toEqual({ ready: true });
    expect(await controllerReadiness(3001, controllers, { timeoutMs: 300 })).toMatchObject({
      ready: false,
      waitingFor: expect.stringMatching(/^controller 3001 does not answer at .*: no answer within 0.3 s$/),
    });
  });

  it('stops being asked for with the reason of the signal', async () => {
    const controller = new AbortController();
    const frozen = await serve(() => {
      controller.abort(new Error('the activity was cancelled'));
    });
    await expect(describeQuorum([frozen], { signal: controller.signal })).rejects.toThrow(
      'the activity was cancelled',
    );
  });
});
