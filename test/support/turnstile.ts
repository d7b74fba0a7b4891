import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../source/database/settings.ts';

/** Turns of the event loop in which a client of this process says nothing: by then it waits. */
const timeout = 40;

/**
 * A way to a server on which no answer comes back before the client waits for it: what was sent till then was one round trip. It
 * counts them, by turns of the event loop and not by time, so that it is right on a busy machine; the client is in this process.
 */
export class Turnstile {
  trips = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'servo-turnstile-'));
  readonly #target: ConnectionSettings;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: ConnectionSettings) {
    this.#target = target;
    this.#listener = createServer((client) => this.#join(client));
  }

  async open(): Promise<ConnectionSettings> {
    const path = join(this.#folder, '.s.PGSQL.5432');
    await new Promise<void>((resolve) => this.#listener.listen(path, resolve));
    return { ...this.#target, host: this.#folder, port: 5432 };
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #join(client: Socket): void {
    const { host, port } = this.#target;
    const server = host.startsWith('/')
      ? connect(join(host, `.s.PGSQL.${port}`))
      : connect(port, host);
    let said = false;
    let turns = 0;
    let answers: Buffer[] = [];
    const turn = () => {
      turns += 1;
      if (turns < timeout) return void setImmediate(turn);
      if (said) this.trips += 1;
      said = false;
      client.write(Buffer.concat(answers));
      answers = [];
    };
    client.on('data', (data) => {
      said = true;
      turns = 0;
      server.write(data);
    });
    server.on('data', (data) => {
      answers.push(data);
      if (answers.length > 1) return;
      turns = 0;
      setImmediate(turn);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.end();
      });
    }
  }
}
