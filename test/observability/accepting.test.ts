import { Server } from 'node:net';
import { expect, test, vi } from 'vitest';
import { startServer } from '../../source/observability/server.ts';

test('a connection that cannot be accepted ends nothing', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  const server = await startServer(
    { host: '127.0.0.1', port: 0 },
    { checks: async () => [], metrics: async () => '' },
  );
  const [listening] = listen.mock.contexts as Server[];
  // As Node tells it where the system has no descriptor left, for each who knocks.
  for (let knock = 0; knock < 3; knock++) listening!.emit('error', new Error('accept EMFILE'));
  expect((await fetch(`http://${server.address}/healthz`)).status).toBe(200);
  await server.close();
});
