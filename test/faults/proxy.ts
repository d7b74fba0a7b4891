import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { FrontendMessages } from './frontend-messages.ts';

/** What the proxy does to the bytes of all its connections, old and new. */
export type Weather =
  | { kind: 'clear' }
  /** Half-open: connections come about and stay, and everything sent is swallowed. */
  | { kind: 'frozen' }
  /** Every piece waits so long, in milliseconds, in both directions; and there is only so much room. */
  | { kind: 'slow'; delay: number; bytes_per_second?: number }
  /** Nothing is passed on before that, and then all of it: a server that is stopped, and goes on. */
  | { kind: 'held'; until: Promise<void> };

/** What becomes of a request or a reply: passed on, lost with its connection, or swallowed by one that then says nothing any more, or kept until it is late. */
export type Fate = 'passed' | 'lost' | 'swallowed' | 'late';

/** A request that is waited for: the next one whose text matches. */
type Trap = {
  matches: RegExp;
  /** Just before the request goes on to the server. */
  before?: (() => Fate) | undefined;
  /** The reply is there, and has not been passed on yet. */
  after?: (() => Fate) | undefined;
};

type ProxyOptions = {
  /** On a free port of 127.0.0.1, not on a Unix socket. */
  tcp?: boolean;
  /** Gives clients another process id than their backend's, as a pooler does. */
  pooled?: boolean;
};

type Link = {
  client: Socket;
  server: Socket;
  /** A request of this link has sprung a trap that wants its reply. */
  armed: Trap | null;
  /** Bytes were swallowed: whatever the weather, it stays half-open. */
  dead: boolean;
  /** A request that is on its way still, though its sender no longer waits for it. */
  late: boolean;
  /** The server has told its process id. */
  greeted: boolean;
  /** Resolves when everything sent so far has been passed on, by direction. */
  passed: Map<Socket, Promise<void>>;
};

/** A proxy in front of a server's Unix socket or TCP port: it knows PostgreSQL's messages, and how to lose them. */
export class DatabaseProxy {
  readonly #target: ConnectionSettings;
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  readonly #folder: string | null;
  readonly #pooled: boolean;
  #closing = false;
  readonly settings: ConnectionSettings;
  weather: Weather = { kind: 'clear' };
  #traps: Trap[] = [];
  readonly #kept: [Link, Buffer][] = [];
  /** Connections that came while the weather was frozen. */
  refused = 0;
  /** Requests that clients have sent: a simple query, or everything up to a Sync, is one. */
  requests = 0;
  /** What clients asked for when they connected, by parameter. */
  readonly startUps: Record<string, string>[] = [];
  /** Names of prepared statements that clients made: none of which would live behind a pooler. */
  readonly namedStatements: string[] = [];
  /** Requests by the text of their statement. */
  readonly requestTexts = new Map<string, number>();

  private constructor(target: ConnectionSettings, folder: string | null, options: ProxyOptions) {
    this.#target = target;
    this.#folder = folder;
    this.#pooled = options.pooled ?? false;
    this.settings = { ...target, host: folder ?? '127.0.0.1', port: 5432 };
    this.#listener = createServer((client) => this.#link(client));
  }

  static async open(
    target: ConnectionSettings,
    options: ProxyOptions = {},
  ): Promise<DatabaseProxy> {
    const folder = options.tcp
      ? null
      : mkdtempSync(join(tmpdir(), `servo-proxy-${randomUUID().slice(0, 6)}`));
    const proxy = new DatabaseProxy(target, folder, options);
    await new Promise<void>((resolve, reject) => {
      proxy.#listener.once('error', reject);
      if (folder === null) proxy.#listener.listen(0, '127.0.0.1', resolve);
      else proxy.#listener.listen(join(folder, '.s.PGSQL.5432'), resolve);
    });
    const address = proxy.#listener.address();
    if (address !== null && typeof address === 'object') proxy.settings.port = address.port;
    return proxy;
  }

  /** Ends every connection without a word. Returns how many there were. */
  cut(): number {
    const count = this.#links.size;
    for (const link of [...this.#links]) this.#drop(link);
    return count;
  }

  /** The next request whose text matches, on whatever connection; resolves when it has come and `before` and `after` were asked. */
  trap(matches: RegExp, what: { before?: () => Fate; after?: () => Fate }): Promise<void> {
    return new Promise((resolve) => {
      const sprung = (work: (() => Fate) | undefined, last: boolean) => (): Fate => {
        const fate = work === undefined ? 'passed' : work();
        if (last) resolve();
        return fate;
      };
      this.#traps.push({
        matches,
        before: sprung(what.before, what.after === undefined),
        after: what.after === undefined ? undefined : sprung(what.after, true),
      });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.cut();
    await new Promise((resolve) => this.#listener.close(resolve));
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }

  #link(client: Socket): void {
    if (this.weather.kind === 'frozen') this.refused++;
    const { host, port } = this.#target;
    const server = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    const link: Link = {
      client,
      server,
      armed: null,
      dead: false,
      late: false,
      greeted: false,
      passed: new Map(),
    };
    this.#links.add(link);
    const messages = new FrontendMessages({
      request: (text) => this.#request(link, text),
      startUp: (parameters) => this.startUps.push(parameters),
      named: (name) => this.namedStatements.push(name),
    });
    for (const socket of [client, server]) {
      socket.on('error', () => this.#drop(link));
      socket.on('close', () => this.#drop(link));
    }
    client.on('data', (data) => {
      if (this.#swallows(link)) return;
      if (messages.push(data) === 'withhold') {
        if (link.late) this.#kept.push([link, data]);
        return;
      }
      this.#pass(link, server, data);
    });
    server.on('data', (data) => {
      if (this.#swallows(link)) return;
      if (link.armed !== null) {
        const { after } = link.armed;
        link.armed = null;
        if (!this.#goesOn(link, after!())) return;
      }
      if (this.#pooled && !link.greeted) link.greeted = disguiseProcess(data);
      this.#pass(link, client, data);
    });
  }

  #swallows(link: Link): boolean {
    if (this.weather.kind === 'frozen') link.dead = true;
    return link.dead;
  }

  #pass(link: Link, to: Socket, data: Buffer): void {
    const before = link.passed.get(to);
    const { weather } = this;
    if (weather.kind !== 'slow' && weather.kind !== 'held' && before === undefined) {
      to.write(data);
      return;
    }
    const rate = (weather.kind === 'slow' && weather.bytes_per_second) || Number.POSITIVE_INFINITY;
    const due =
      weather.kind === 'held' ? weather.until : sleep(weather.kind === 'slow' ? weather.delay : 0);
    const passed = Promise.all([before, due]).then(async () => {
      if (rate !== Number.POSITIVE_INFINITY) await sleep((data.length / rate) * 1000);
      to.write(data);
      if (link.passed.get(to) === passed) link.passed.delete(to);
    });
    link.passed.set(to, passed);
  }

  #request(link: Link, text: string): 'withhold' | undefined {
    this.requests++;
    this.requestTexts.set(text, (this.requestTexts.get(text) ?? 0) + 1);
    const index = this.#traps.findIndex((trap) => trap.matches.test(text));
    if (index === -1) return undefined;
    const [trap] = this.#traps.splice(index, 1);
    if (!this.#goesOn(link, trap!.before?.() ?? 'passed')) return 'withhold';
    if (trap!.after !== undefined) link.armed = trap!;
    return undefined;
  }

  /** What was kept arrives at the server. */
  deliverLate(): void {
    for (const [link, data] of this.#kept.splice(0)) link.server.write(data);
  }

  #goesOn(link: Link, fate: Fate): boolean {
    if (fate === 'lost') this.#drop(link);
    if (fate === 'swallowed' || fate === 'late') link.dead = true;
    link.late = fate === 'late';
    return fate === 'passed';
  }

  #drop(link: Link): void {
    link.client.destroy();
    // The network has it still.
    if (link.late && !this.#closing) return;
    this.#links.delete(link);
    link.server.destroy();
  }
}

/** Changes the process id in BackendKeyData ('K'), if these first bytes of a server hold it. */
function disguiseProcess(data: Buffer): boolean {
  for (let at = 0; at + 5 <= data.length; at += 1 + data.readInt32BE(at + 1)) {
    if (data[at] !== 'K'.charCodeAt(0)) continue;
    data.writeInt32BE(data.readInt32BE(at + 5) + 1_000_000, at + 5);
    return true;
  }
  return false;
}
