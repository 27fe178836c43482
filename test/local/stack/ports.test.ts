// Ports of a stack: the wanted one when it is free, else another and a note.
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPortPicker, isFree, pickAgentPorts } from '../../../src/local/stack/ports.ts';

let server: Server;
let taken: number;
beforeEach(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  taken = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.close();
});

it('a port that is taken is replaced, and a note says so', async () => {
  const notes: string[] = [];
  const port = await createPortPicker((note) => notes.push(note)).prefer(taken, 'the API');
  expect(port).not.toBe(taken);
  expect(await isFree(port)).toBe(true);
  expect(notes).toEqual([`port ${taken} is taken, so the API listens on ${port}`]);
});

it('a free port is taken, and only once', async () => {
  const picker = createPortPicker(() => undefined);
  const port = await createPortPicker(() => undefined).any();
  expect(await picker.prefer(port, 'Temporal')).toBe(port);
  expect(await picker.prefer(port, 'Mesos')).not.toBe(port);
});

it('ports are below those that the system gives to outgoing connections', async () => {
  const picker = createPortPicker(() => undefined);
  const ports = await Promise.all(Array.from({ length: 20 }, picker.any));
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports, await pickAgentPorts())).toBeLessThan(32_768);
});
