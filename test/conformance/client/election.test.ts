// The recorded election (transcript 11): what three masters said, one after the other, while a scheduler looked for the leader.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLeader, subscribe } from '../../../src/mesos/index.ts';
import { encodeRecord } from '../../../src/mesos/record-io.ts';
import { answer, replayServer, type ReplayServer } from './replay-server.ts';
import { readTranscript, type Entry } from './transcript.ts';

const entries = readTranscript('11_ha_leader_election_307_503.jsonl');
const PORTS = ['5061', '5062', '5063'];
const frameworkInfo = {
  user: 'root',
  name: 'probe',
  roles: ['kafka'],
  failover_timeout: 3600,
  checkpoint: true,
  capabilities: [],
};

let masters: ReplayServer[];
beforeEach(async () => {
  masters = await Promise.all(PORTS.map(() => replayServer()));
});
afterEach(() => Promise.all(masters.map((master) => master.close())));

/** The recorded answer, with the ports of the test in the place of the recorded ones. */
function here(entry: Entry): Entry['http'] {
  const { Location: location, ...headers } = entry.http?.headers ?? {};
  const moved = PORTS.reduce(
    (text, port, i) => text?.replace(`127.0.0.1:${port}`, masters[i]?.url.replace('http://', '') ?? ''),
    location,
  );
  return { ...entry.http, headers: { ...headers, ...(moved === undefined ? {} : { Location: moved }) } };
}

const said = (type: string) =>
  entries.filter((entry) => entry.dir === 'in' && entry.type === `${type}_RESPONSE`);
const text = ({ body }: Entry) => (typeof body === 'string' ? body : '');

describe('a leader', () => {
  it('is found although followers name the dead one until there is another', async () => {
    const [dead, follower, next] = masters as [ReplayServer, ReplayServer, ReplayServer];
    const urls = [dead.url, follower.url];
    await dead.close();
    const opening = subscribe({ masters: urls, frameworkInfo, signal: new AbortController().signal });
    opening.catch(() => undefined);
    const election = said('PROBE_ELECTION');
    expect(election).toHaveLength(3);
    for (const entry of election) answer(await follower.next(), here(entry) ?? {}, text(entry));
    const request = await next.next();
    expect(request.path).toBe('/master/api/v1/scheduler');
    const [opened] = entries.filter(({ type, stream }) => type === 'SUBSCRIBE_RESPONSE' && stream === 'b');
    const [subscribed] = entries.filter(({ type, stream }) => type === 'SUBSCRIBED' && stream === 'b');
    answer(request, opened?.http ?? {});
    request.response.write(encodeRecord(JSON.stringify(subscribed?.body)));
    const subscription = await opening;
    expect(subscription.master).toBe(next.url);
    subscription.close();
  });

  it('is found once a master that recovers leads', async () => {
    const [master] = masters as [ReplayServer];
    const opening = subscribe({ masters: [master.url], frameworkInfo, signal: new AbortController().signal });
    opening.catch(() => undefined);
    for (const entry of [...said('SUBSCRIBE_NO_LEADER'), ...said('PROBE').slice(0, 3)]) {
      expect(entry.http?.status).toBe(503);
      answer(await master.next(), here(entry) ?? {}, text(entry));
    }
    const request = await master.next();
    answer(
      request,
      entries.find(({ type, stream }) => type === 'SUBSCRIBE_RESPONSE' && stream === 'a')?.http ?? {},
    );
    request.response.write(
      encodeRecord(
        JSON.stringify(entries.find(({ type, stream }) => type === 'SUBSCRIBED' && stream === 'a')?.body),
      ),
    );
    (await opening).close();
  });

  it('that is not there is said in the words of each master', async () => {
    const [first, second] = masters as [ReplayServer, ReplayServer];
    const looking = findLeader({ masters: [first.url, second.url] });
    looking.catch(() => undefined);
    const [noLeader] = said('GET_MASTER');
    const [recovering] = said('PROBE');
    if (!noLeader || !recovering) throw new Error('the transcript lacks what this test replays');
    answer(await first.next(), noLeader.http ?? {}, text(noLeader));
    answer(await second.next(), recovering.http ?? {}, text(recovering));
    await expect(looking).rejects.toMatchObject({
      code: 'MESOS_UNREACHABLE',
      message: expect.stringMatching(
        /answered 503: No leader elected; .* answered 503: Master has not finished recovery/,
      ) as string,
    });
  });
});
