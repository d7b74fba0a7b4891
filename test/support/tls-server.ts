import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { ConnectionSettings } from '../../source/database/settings.ts';

/** A CA and a certificate for `localhost` signed by it, as files; `remove` deletes them. */
export class Certificates {
  readonly #folder = mkdtempSync(join(tmpdir(), 'servo-tls-'));
  readonly authority = this.#file('ca.pem');
  /** A CA that has signed nothing. */
  readonly stranger = this.#file('stranger.pem');
  readonly certificate = this.#file('server.pem');
  readonly key = this.#file('server.key');

  constructor() {
    for (const [file, name] of [
      [this.authority, 'authority'],
      [this.stranger, 'stranger'],
    ] as const) {
      this.#openssl(['req', '-x509', '-nodes', '-days', '2', ...key(`${file}.key`)], name, file);
    }
    const request = this.#file('server.csr');
    this.#openssl(['req', '-new', '-nodes', ...key(this.key)], 'localhost', request);
    writeFileSync(this.#file('names'), 'subjectAltName=DNS:localhost\n');
    const signer = ['-CA', this.authority, '-CAkey', `${this.authority}.key`, '-CAcreateserial'];
    const names = ['-extfile', this.#file('names')];
    execFileSync(
      'openssl',
      ['x509', '-req', '-in', request, ...signer, ...names, '-days', '2', '-out', this.certificate],
      { stdio: 'ignore' },
    );
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }

  #openssl(how: readonly string[], name: string, out: string): void {
    execFileSync('openssl', [...how, '-subj', `/CN=${name}`, '-out', out], { stdio: 'ignore' });
  }
}

const key = (file: string) => ['-newkey', 'rsa:2048', '-keyout', file];

/**
 * The database on its own TCP port, with TLS on request, as PostgreSQL does it. Needed because the
 * embedded server has only a Unix socket, which is never encrypted. Without certificates: no TLS.
 */
export class TlsServer {
  /** How each connection began. */
  readonly heard: ('encrypted' | 'plain' | 'refused')[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(behind: ConnectionSettings, certificates: Certificates | null) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('data', (first: Buffer) => {
        const asksForTls = first.length === 8 && first.readInt32BE(4) === 80_877_103;
        if (!asksForTls) {
          this.heard.push('plain');
          return joinWith(socket, behind, first);
        }
        if (certificates === null) {
          this.heard.push('refused');
          return socket.write('N');
        }
        this.heard.push('encrypted');
        socket.pause();
        socket.write('S');
        const secure = new TLSSocket(socket, {
          isServer: true,
          cert: readFileSync(certificates.certificate),
          key: readFileSync(certificates.key),
        });
        return joinWith(secure, behind);
      });
    });
  }

  static async open(
    behind: ConnectionSettings,
    certificates: Certificates | null,
  ): Promise<TlsServer> {
    const server = new TlsServer(behind, certificates);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function joinWith(from: Socket, { host, port }: ConnectionSettings, first?: Buffer): void {
  const to = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  for (const [one, other] of [
    [from, to],
    [to, from],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  if (first !== undefined) to.write(first);
  from.pipe(to);
  to.pipe(from);
}
