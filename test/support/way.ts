import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../source/database/settings.ts';

/** Replies of a fake server: one per message, then none. */
type Answers = readonly Buffer[];

/** FATAL with this SQLSTATE, as for a refused login. */
export function fatal(code: string, words: string): Answers {
  return [message('E', `SFATAL\0VFATAL\0C${code}\0M${words}\0\0`)];
}

/** Requests a SCRAM password. */
export const askPassword: Answers = [
  message('R', '\0\0\0\nSCRAM-SHA-256\0\0'),
  message('R', '\0\0\0\vr=nonce,s=c2FsdA==,i=4096'),
];

/** Requests a clear-text password. */
export const askClearPassword: Answers = [message('R', '\0\0\0\x03')];

function message(kind: string, body: string): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

/** A proxy to a server, real or fake; connections are refused until it is opened. */
export class Way {
  readonly #folder = mkdtempSync(join(tmpdir(), 'servo-way-'));
  readonly #target: ConnectionSettings;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** Number of connections so far. */
  connections = 0;
  /** Messages that clients have sent to a fake server. */
  heard = '';
  #messages: { left: number; act(): void } | null = null;

  constructor(target: ConnectionSettings) {
    this.#target = target;
  }

  get settings(): ConnectionSettings {
    return { ...this.#target, host: this.#folder, port: 5432 };
  }

  /** Opens it to the server, or to a fake one with these replies. */
  async open(answers?: Answers): Promise<void> {
    this.#server = createServer((client) => {
      this.connections++;
      this.#keep(client);
      if (answers === undefined) return this.#join(client);
      const left = [...answers];
      client.on('data', (chunk) => {
        this.heard += chunk.toString('latin1');
        client.write(left.shift() ?? '');
      });
    });
    await new Promise<void>((resolve) =>
      this.#server!.listen(join(this.#folder, '.s.PGSQL.5432'), resolve),
    );
  }

  /** Calls `act` after that many more messages of all clients, before the last one is passed on. */
  message(count: number, act: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#messages = {
        left: count,
        act: () => {
          act();
          resolve();
        },
      };
    });
  }

  #count(): void {
    if (this.#messages === null || --this.#messages.left > 0) return;
    const { act } = this.#messages;
    this.#messages = null;
    act();
  }

  /** Ends every connection but accepts new ones. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #join(client: Socket): void {
    const { host, port } = this.#target;
    const server = host.startsWith('/')
      ? connect(join(host, `.s.PGSQL.${port}`))
      : connect(port, host);
    this.#keep(server);
    client.on('data', () => this.#count());
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
