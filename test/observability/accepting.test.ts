import { connect, Server } from 'node:net';
import { expect, test, vi } from 'vitest';
import { startServer } from '../../source/observability/server.ts';
import { waitFor } from '../support/wait-for.ts';

test('a connection that cannot be accepted ends nothing', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  const server = await startServer(
    { host: '127.0.0.1', port: 0 },
    { checks: async () => [], metrics: async () => '' },
  );
  const [listening] = listen.mock.contexts as Server[];
  // Emitted by Node for each connection when the system has no descriptor left.
  for (let knock = 0; knock < 3; knock++) listening!.emit('error', new Error('accept EMFILE'));
  expect((await fetch(`http://${server.address}/healthz`)).status).toBe(200);
  await server.close();
});

test('A9: 350 half-open requests do not keep others out, and are closed', async () => {
  const server = await startServer(
    { host: '127.0.0.1', port: 0 },
    { checks: async () => [], metrics: async () => '' },
  );
  const port = Number(server.address.split(':')[1]);
  const halves = ['', 'GET /metr', 'GET /metrics HTTP/1.1\r\nHost: x\r\n'];
  let open = 0;
  await Promise.all(
    Array.from(
      { length: 350 },
      (_, i) =>
        new Promise<void>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => {
            open++;
            socket.write(halves[i % halves.length]!);
            resolve();
          });
          socket
            .on('error', () => {})
            .once('close', () => open--)
            .resume();
        }),
    ),
  );
  expect((await fetch(`http://${server.address}/healthz`)).status).toBe(200);
  // The most that are kept, and then none: each has so long to ask.
  await waitFor('the surplus to be ended', () => open <= 64, { seen: () => open });
  await waitFor('the rest to be ended', () => open === 0, { seen: () => open });
  await server.close();
});
