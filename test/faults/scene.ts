import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Database, openDatabase } from '../../source/database/database.ts';
import {
  type EmbeddedServer,
  ensureEmbeddedServer,
  resetEmbeddedServer,
  stopEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import { isConnectionFailure } from '../../source/database/failure.ts';
import { migrate } from '../../source/database/migrate.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { handlerDirectory } from '../support/worker.ts';
import { Host } from './host.ts';
import { handlers, makeJob, neighbour, tenant } from './jobs.ts';
import { PgBouncer } from './pgbouncer.ts';
import { Random } from './random.ts';

const databaseName = 'faults';

export type SceneOptions = {
  hosts: number;
  speed: number;
  /** The workers reach the database through this program, PgBouncer. */
  pooler?: string | undefined;
};

/** A server of its own, a few hosts with a worker each behind a proxy of its own, and what they work on. */
export class Scene {
  readonly home: string;
  readonly app: ConnectionSettings;
  /** As superuser, not through a proxy. */
  readonly pool: pg.Pool;
  /** As an operator's console, not through a proxy. */
  readonly database: Database;
  readonly hosts: Host[] = [];
  readonly neighbours: string[] = [];
  readonly #folder: string;
  #server: EmbeddedServer;
  #pooler: PgBouncer | null = null;

  private constructor(home: string, folder: string, server: EmbeddedServer) {
    this.home = home;
    this.#folder = folder;
    this.#server = server;
    this.app = { ...server.app, database: databaseName };
    this.pool = new pg.Pool({ ...server.superuser, database: databaseName, max: 12 });
    this.pool.on('error', () => {});
    this.pool.on('connect', (client) => client.on('error', () => {}));
    this.database = openDatabase(this.app, { connections: 4 });
  }

  static async open(options: SceneOptions): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'servo-faults-'));
    // Not in there: the server's user may not enter it where we are root.
    const home = `${folder}-home`;
    process.env.SERVO_EMBEDDED_FSYNC = 'off';
    try {
      return await Scene.#openIn(home, folder, options);
    } catch (error) {
      await resetEmbeddedServer({ home });
      throw error;
    }
  }

  static async #openIn(home: string, folder: string, options: SceneOptions): Promise<Scene> {
    const server = await ensureEmbeddedServer({ home });
    const client = new pg.Client(server.superuser);
    await client.connect();
    await client.query(`create database ${databaseName}`);
    await client.query(`alter database ${databaseName} set servo.journal_completions = 'on'`);
    await client.end();
    await migrate({ ...server.superuser, database: databaseName });
    const scene = new Scene(home, folder, server);
    await scene.#furnish();
    const directory = handlerDirectory(handlers);
    if (options.pooler !== undefined)
      scene.#pooler = await PgBouncer.open(options.pooler, scene.app);
    for (let i = 0; i < options.hosts; i++) {
      const clock = join(folder, `clock-${i}.cjs`);
      writeFileSync(clock, wrongClock(clockErrors[i % clockErrors.length]!));
      scene.hosts.push(
        await Host.open(scene.#pooler?.settings ?? scene.app, tenant, {
          args: ['--handlers', directory, '--slots', '4', '--grace', '1s'],
          env: {
            SERVO_SPEED: String(options.speed),
            EFFECTS: scene.effectsFile,
            NODE_OPTIONS: `--require ${clock}`,
          },
        }),
      );
    }
    return scene;
  }

  get effectsFile(): string {
    return join(this.#folder, 'effects');
  }

  /** `<job> <key>` for each attempt of a program, as often as it was started. */
  effects(): string[] {
    return readFileSync(this.effectsFile, 'utf8').split('\n').filter(Boolean);
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(text, values)).rows;
  }

  /** Does the work, again and again as long as only the database's absence keeps it from being done. */
  async insist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isAbsence(error)) throw error;
        await sleep(100);
      }
    }
  }

  /** Ends the server as `pg_ctl stop -m MODE` does, and starts it again. */
  async restart(mode: 'fast' | 'immediate'): Promise<true> {
    if (mode === 'fast') await stopEmbeddedServer({ home: this.home });
    else process.kill(this.#server.pid, 'SIGQUIT');
    this.#server = await ensureEmbeddedServer({ home: this.home });
    return true;
  }

  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
    await this.#pooler?.close();
    await this.database.close();
    await this.pool.end();
    await resetEmbeddedServer({ home: this.home });
    for (const path of [this.home, this.#folder]) rmSync(path, { recursive: true, force: true });
  }

  async #furnish(): Promise<void> {
    appendFileSync(this.effectsFile, '');
    await this.rows(`create table effects (id bigint generated always as identity primary key, job_id uuid not null, key text not null,
      attempt int not null, at timestamptz not null default clock_timestamp());
      create index on effects (job_id);
      create table base_effects (job_id uuid not null, key text not null); grant insert, select on effects to servo_app`);
    const names = Object.keys(handlers).map((file) => file.replace(/\..*/, ''));
    await this.rows(
      `insert into assets (id, name, asset_type, tenant_id) select gen_random_uuid(), name, 'table', tenant
       from unnest($1::text[]) name, unnest($2::text[]) tenant`,
      [names, [tenant, neighbour]],
    );
    const random = new Random(1);
    for (let i = 0; i < 3; i++)
      this.neighbours.push(await makeJob(this.pool, random, neighbour, 'fast'));
  }
}

/** Of the hosts' clocks, in hours (I13: that changes nothing). */
const clockErrors = [0, 1, -1];

/** What makes a process take another time for now. */
function wrongClock(hours: number): string {
  return `const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...args) { super(...(args.length === 0 ? [Date.now()] : args)); }
  static now() { return Real.now() + ${hours * 3_600_000}; }
};`;
}

/** The database is not there at this moment, or has ended the session. */
export function isAbsence(error: unknown): boolean {
  return isConnectionFailure(error) || (error as { code?: string }).code === 'database_unreachable';
}
