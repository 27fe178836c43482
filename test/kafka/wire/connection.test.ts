// The connection against servers that answer in pieces, wrongly, late, or not at all.
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { withConnection } from '../../../src/kafka/wire/connection.ts';
import { waitFor } from '../../support/wait-for.ts';
import { describeCluster } from '../../../src/kafka/wire/messages/describe-cluster.ts';
import { describeQuorum } from '../../../src/kafka/wire/messages/describe-quorum.ts';
import { metadata } from '../../../src/kafka/wire/messages/metadata.ts';
import type { KafkaAddress } from '../../../src/kafka/types.ts';
import { answer, closeNodes, frame, serve, serversOpen, socketsOpen } from './fake-node.ts';

afterEach(closeNodes);

const ask = (address: KafkaAddress, timeoutMs = 5_000) =>
  withConnection(address, { timeoutMs }, (connection) => connection.request(describeQuorum, undefined));

describe('a connection', () => {
  it('agrees on versions first, then asks in the newest that both sides know, with a flexible header', async () => {
    const requests: Buffer[] = [];
    const address = await serve((request, socket) => {
      requests.push(request);
      answer(request, socket);
    });
    expect((await ask(address)).quorum.leaderId).toBe(3000);
    expect(requests.map((request) => [request.readInt16BE(0), request.readInt16BE(2)])).toEqual([
      [18, 0],
      [55, 2],
    ]);
    const clientId = Buffer.from('millrace');
    const header = Buffer.concat([Buffer.from([0, clientId.length]), clientId, Buffer.from([0, 2, 0x13])]);
    expect(requests[1]?.subarray(8, 8 + header.length)).toEqual(header);
  });

  it('reads an answer that comes byte by byte', async () => {
    const address = await serve((request, socket) => {
      for (const byte of frame(
        request,
        request.readInt16BE(0) === 18 ? 'apiVersionsController' : 'describeQuorum2',
      ))
        socket.write(Buffer.from([byte]));
    });
    expect((await ask(address)).quorum.voters).toHaveLength(3);
  });

  it('matches answers that come in another order to their requests', async () => {
    const waiting: Buffer[] = [];
    const address = await serve((data, socket) => {
      if (data.readInt16BE(0) === 18) {
        answer(data, socket);
        return;
      }
      waiting.push(data);
      if (waiting.length < 2) return;
      const [quorumRequest = data, clusterRequest = data] = waiting;
      socket.write(
        Buffer.concat([frame(clusterRequest, 'describeCluster'), frame(quorumRequest, 'describeQuorum2')]),
      );
    });
    const [quorum, cluster] = await withConnection(address, {}, async (connection) => {
      const first = connection.request(describeQuorum, undefined);
      // The second only after the first has arrived: the server takes one piece for one request.
      await waitFor(
        () => waiting.length,
        (count) => count === 1,
        { describe: 'the first request has arrived' },
      );
      return Promise.all([first, connection.request(describeCluster, undefined)]);
    });
    expect(quorum.quorum.leaderId).toBe(3000);
    expect(cluster.brokers).toHaveLength(2);
  });

  it('says what the node lacks when it does not know a request', async () => {
    const address = await serve(answer);
    await withConnection(address, {}, async (connection) => {
      expect(connection.supports(describeQuorum)).toBe(true);
      expect(connection.supports(metadata)).toBe(false);
      await expect(connection.request(metadata, { topics: null })).rejects.toThrow(
        'the node knows no version of Metadata',
      );
    });
  });

  it('fails in plain words on what is no Kafka, closes, or answers nonsense', async () => {
    const http = await serve((_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(ask(http)).rejects.toThrow('does not speak the Kafka protocol');
    const closing = await serve((_, socket) => socket.end());
    await expect(ask(closing)).rejects.toThrow('the node closed the connection');
    const nonsense = await serve((request, socket) =>
      socket.write(frame(request, 'fetchNotLeader').fill(0x77, 10)),
    );
    await expect(ask(nonsense)).rejects.toThrow('ApiVersions version 0 was answered with something else');
    const gone = await serve(answer);
    await Promise.all(serversOpen.splice(-1).map((server) => once(server.close(), 'close')));
    await expect(ask(gone)).rejects.toThrow('connection refused');
  });

  it('does not wait longer than it may for a node that is silent', async () => {
    await expect(ask(await serve(() => undefined), 50)).rejects.toThrow('no answer within 0.05 s');
  });

  it('ends with the reason of its signal, and closes its socket', async () => {
    const controller = new AbortController();
    const closed = Promise.withResolvers<undefined>();
    const address = await serve((_, socket) => {
      socket.once('close', () => {
        closed.resolve(undefined);
      });
      controller.abort(new Error('the activity was cancelled'));
    });
    const asking = withConnection(address, { signal: controller.signal }, (connection) =>
      connection.request(describeQuorum, undefined),
    );
    await expect(asking).rejects.toThrow('the activity was cancelled');
    await closed.promise;
    await expect(
      withConnection(address, { signal: controller.signal }, () => Promise.resolve()),
    ).rejects.toThrow('the activity was cancelled');
  });

  it('closes its socket when its user fails', async () => {
    const address = await serve(answer);
    await expect(withConnection(address, {}, () => Promise.reject(new Error('mine')))).rejects.toThrow(
      'mine',
    );
    const [socket] = socketsOpen;
    if (socket && !socket.closed) await once(socket, 'close');
    expect(socket?.closed).toBe(true);
  });
});
