import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client } from 'pg';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { waitFor } from '../support/wait-for.ts';

/** The program, where it is installed (Debian's package `pgbouncer`). */
export function findPgBouncer(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find(existsSync) ?? null;
}

/** PgBouncer in transaction mode in front of one database, as its default settings have it otherwise. */
export class PgBouncer {
  readonly settings: ConnectionSettings;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(settings: ConnectionSettings, child: ChildProcess, folder: string) {
    this.settings = settings;
    this.#process = child;
    this.#folder = folder;
  }

  /**
   * @param connections to the database, at most
   * @param connectQuery what the pooler says first on each of them
   */
  static async open(
    program: string,
    target: ConnectionSettings,
    { connections = 40, connectQuery = '' } = {},
  ): Promise<PgBouncer> {
    const folder = mkdtempSync(join(tmpdir(), 'servo-pgbouncer-'));
    chmodSync(folder, 0o755);
    const port = await freePort();
    const say = connectQuery && ` connect_query='${connectQuery.replaceAll("'", "''")}'`;
    writeFileSync(join(folder, 'users'), `"${target.user}" ""\n`);
    writeFileSync(
      join(folder, 'pgbouncer.ini'),
      `[databases]
${target.database} = host=${target.host} port=${target.port} dbname=${target.database}${say}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 500
`,
    );
    // It refuses to run as root; the server's socket may only be entered by the server's user.
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
    const child = spawn(program, [...user, join(folder, 'pgbouncer.ini')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr!.on('data', (text) => {
      said = `${said}${text}`.slice(-2_000);
    });
    const { host: _host, port: _port, ...rest } = target;
    const settings = { ...rest, host: '127.0.0.1', port, options: undefined };
    await waitFor('PgBouncer to answer', () => answers(settings), { seen: () => said });
    return new PgBouncer(settings, child, folder);
  }

  async close(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function answers(settings: ConnectionSettings): Promise<boolean> {
  const client = new Client(settings);
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
