import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { messageOf, ServoError } from '../errors.ts';

export type Check = { check: string; ok: boolean; message: string | null };

type ServerPorts = {
  /** In Prometheus text format. */
  metrics(): Promise<string>;
  checks(): Promise<readonly Check[]>;
};

export type ListenAddress = { host: string | undefined; port: number };

export type Server = { address: string; close(): Promise<void> };

type Answer = { status: number; type: string; body: string };

/** Far more than scrapers and probes need, far fewer than a process has descriptors. */
const maxConnections = 64;

/** In milliseconds. */
const timeout = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
};

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});

const routes: Readonly<Record<string, (ports: ServerPorts) => Promise<Answer>>> = {
  // Liveness only: a restart does not help when the database is unavailable.
  '/healthz': async () => json(200, { status: 'ok' }),
  '/readyz': async (ports) => {
    const checks = await ports.checks();
    const ready = checks.every(({ ok }) => ok);
    return json(ready ? 200 : 503, { ready, checks });
  },
  '/metrics': async (ports) => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await ports.metrics(),
  }),
};

export async function startServer(
  { host, port }: ListenAddress,
  ports: ServerPorts,
): Promise<Server> {
  const server = createServer(timeout, (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    request.resume();
    const route = routes[path];
    if (route === undefined) {
      send(
        response,
        json(404, { error: `not found: expected ${Object.keys(routes).join(', ')}` }),
        request.method,
      );
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, json(405, { error: 'method not allowed: expected GET' }), request.method);
      return;
    }
    route(ports)
      .catch((error) => json(500, { error: messageOf(error) }))
      .then((answer) => send(response, answer, request.method));
  });
  limitConnections(server);
  await new Promise<void>((resolve, reject) => {
    // Also after it listens: the client retries a connection that could not be accepted.
    server.on('error', (error) =>
      reject(
        new ServoError(
          'usage',
          `cannot listen on ${host ?? 'all addresses'}, port ${port}: ${messageOf(error)}`,
          {
            hint: 'choose another --metrics-port, or --metrics-address',
            cause: error,
          },
        ),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  // Open connections must not keep a finished process running.
  server.unref();
  const at = server.address() as AddressInfo;
  const name = at.family === 'IPv6' ? `[${at.address}]` : at.address;
  return {
    address: `${name}:${at.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** At the limit, closes the oldest idle connection, so that idle ones cannot keep a probe out. */
function limitConnections(server: HttpServer): void {
  const waiting = new Set<Socket>();
  let open = 0;
  server.on('connection', (socket: Socket) => {
    open++;
    waiting.add(socket);
    socket.once('close', () => {
      open--;
      waiting.delete(socket);
    });
    if (open > maxConnections) waiting.values().next().value?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    waiting.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) waiting.add(socket);
    });
  });
}

function send(
  response: ServerResponse,
  { status, type, body }: Answer,
  method: string | undefined,
): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  });
  response.end(method === 'HEAD' ? undefined : body);
}
