import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { installationIn } from '../../source/database/embedded/installation.ts';
import type { ConnectionSettings, HostPort } from '../../source/database/settings.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Servers, StopMode } from './servers.ts';

const execute = promisify(execFile);

/** The folder of PostgreSQL's programs with pg_basebackup, where it is installed (Debian's package `postgresql-15`, or any other version). */
export function findReplicationPrograms(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  return (
    folders.find((folder) =>
      ['pg_basebackup', 'initdb', 'pg_ctl'].every((name) => existsSync(join(folder, name))),
    ) ?? null
  );
}

type Member = HostPort & { data: string };

/** Of all settings only those that differ from PostgreSQL's own. */
const settings = `
listen_addresses = ''
port = 5432
max_connections = 200
fsync = off
wal_level = replica
max_wal_senders = 8
wal_retrieve_retry_interval = '200ms'
wal_keep_size = '1GB'
synchronous_commit = on
log_min_messages = fatal
`;

/**
 * A primary and its standby, to which it replicates synchronously: what was acknowledged is on both. Two members that take turns: one
 * that has died is created again, as a copy of the other.
 */
export class ServerPair implements Servers {
  readonly superuser: ConnectionSettings;
  readonly app: ConnectionSettings;
  readonly #programs: string;
  readonly #folder: string;
  /** Whose the servers are: they refuse to be root's. Null: ours. */
  readonly #user: { uid: number; gid: number } | null;
  readonly #members: readonly [Member, Member];
  #primary = 0;
  /** The standby has all that was acknowledged. */
  #ready = false;
  #closing = false;
  #rebuilding: Promise<void> = Promise.resolve();

  private constructor(programs: string, folder: string) {
    this.#programs = programs;
    this.#folder = folder;
    this.#user = installationIn(folder).user;
    const member = (name: string): Member => ({
      host: join(folder, name),
      port: 5432,
      data: join(folder, `${name}-data`),
    });
    this.#members = [member('one'), member('two')];
    const hosts = this.#members.map(({ host, port }) => ({ host, port }));
    const way = { ...hosts[0]!, hosts, target: 'writable' as const, database: 'postgres' };
    this.superuser = { ...way, user: 'postgres' };
    this.app = { ...way, user: 'servo_app' };
  }

  static async open(programs: string): Promise<ServerPair> {
    const folder = mkdtempSync(join(tmpdir(), 'servo-pair-'));
    // The servers' user must get through to its own.
    chmodSync(folder, 0o755);
    const pair = new ServerPair(programs, folder);
    try {
      for (const { host } of pair.#members) pair.#makeFolder(host);
      await pair.#makePrimary();
      await pair.#makeStandby();
      return pair;
    } catch (error) {
      await pair.close();
      throw error;
    }
  }

  async restart(mode: StopMode): Promise<void> {
    const { data } = this.#members[this.#primary]!;
    await this.#run('pg_ctl', '-D', data, '-m', mode, '-w', 'stop');
    await this.#start(data);
  }

  async failOver(): Promise<boolean> {
    if (!this.#ready) return false;
    this.#ready = false;
    const [dying, rising] = [this.#members[this.#primary]!, this.#members[1 - this.#primary]!];
    await this.#run('pg_ctl', '-D', dying.data, '-m', 'immediate', '-w', 'stop');
    await this.#run('pg_ctl', '-D', rising.data, '-w', 'promote');
    this.#primary = 1 - this.#primary;
    this.#rebuilding = this.#makeStandbyAtLast();
    return true;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#rebuilding;
    for (const { data } of this.#members)
      await this.#run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop').catch(() => {});
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #makePrimary(): Promise<void> {
    const { host, data } = this.#members[this.#primary]!;
    this.#makeFolder(data);
    const cluster = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
    await this.#run('initdb', '-D', data, ...cluster, '--no-sync');
    configure(data, `${settings}unix_socket_directories = '${host}'`);
    await this.#start(data);
  }

  /** Creates the other member again, and lets the primary wait for it with every commit from then on. */
  async #makeStandby(): Promise<void> {
    const primary = this.#members[this.#primary]!;
    const standby = this.#members[1 - this.#primary]!;
    rmSync(standby.data, { recursive: true, force: true });
    this.#makeFolder(standby.data);
    const copy = ['-R', '-X', 'stream', '-c', 'fast', '--no-sync', '-D', standby.data];
    await this.#run('pg_basebackup', '-h', primary.host, '-U', 'postgres', ...copy);
    // After its promotion it waits for no standby until it has one of its own.
    configure(
      standby.data,
      `unix_socket_directories = '${standby.host}'\nsynchronous_standby_names = ''`,
    );
    await this.#start(standby.data);
    await waitFor('the standby to follow', () => this.#replicates('streaming', 'async'));
    configure(primary.data, `synchronous_standby_names = '*'`);
    await this.#run('pg_ctl', '-D', primary.data, 'reload');
    await waitFor('the primary to wait for its standby', () =>
      this.#replicates('streaming', 'sync'),
    );
    this.#ready = true;
  }

  /** Whatever is done to the primary meanwhile. */
  async #makeStandbyAtLast(): Promise<void> {
    while (!this.#closing) {
      try {
        await this.#makeStandby();
        return;
      } catch {
        const { data } = this.#members[1 - this.#primary]!;
        await this.#run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop').catch(() => {});
        await sleep(500);
      }
    }
  }

  async #replicates(state: string, sync: string): Promise<boolean> {
    const { host, port } = this.#members[this.#primary]!;
    const client = new Client({ host, port, user: 'postgres', database: 'postgres' });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query(
        'select from pg_stat_replication where state = $1 and sync_state = $2',
        [state, sync],
      );
      return rows.length > 0;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => {});
    }
  }

  #makeFolder(path: string): void {
    mkdirSync(path, { mode: 0o700 });
    if (this.#user !== null) chownSync(path, this.#user.uid, this.#user.gid);
  }

  #start(data: string): Promise<unknown> {
    return this.#run('pg_ctl', '-D', data, '-l', join(data, 'server.log'), '-w', 'start');
  }

  #run(program: string, ...args: string[]): Promise<unknown> {
    return execute(join(this.#programs, program), args, {
      cwd: '/',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      uid: this.#user?.uid,
      gid: this.#user?.gid,
    });
  }
}

/** What is said last counts. */
function configure(data: string, lines: string): void {
  appendFileSync(join(data, 'postgresql.conf'), `${lines}\n`);
}
