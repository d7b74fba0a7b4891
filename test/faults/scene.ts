import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClient } from '../../source/database/client.ts';
import { type Database, openDatabase } from '../../source/database/database.ts';
import { FailoverClient } from '../../source/database/failover.ts';
import { migrate } from '../../source/database/migrate.ts';
import { registerAssets } from '../../source/database/queries/register-assets.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import { declarationsOf } from '../../source/handlers/lineage.ts';
import { handlerDirectory } from '../support/worker.ts';
import { isAbsence } from './absence.ts';
import { Endpoint } from './endpoint.ts';
import { handlerFiles } from './handlers.ts';
import { Host } from './host.ts';
import { makeJob, neighbour, refusedKey, tenant } from './jobs.ts';
import { LimitHistory } from './limits.ts';
import { PgBouncer } from './pgbouncer.ts';
import { Random } from './random.ts';
import { drawDefaults } from './server-defaults.ts';
import { ServerPair } from './server-pair.ts';
import { OneServer, type Servers } from './servers.ts';

const databaseName = 'faults';

export type SceneOptions = {
  seed: number;
  hosts: number;
  speed: number;
  /** The workers reach the database through this program, PgBouncer. */
  pooler?: string | undefined;
  /** There are a primary and a standby, made by the programs in this folder. */
  replication?: string | undefined;
};

/** A server of its own, or two, a few hosts with a worker each behind a proxy of its own, and what they work on. */
export class Scene {
  readonly servers: Servers;
  readonly app: ConnectionSettings;
  /** As superuser, not through a proxy. */
  readonly pool: pg.Pool;
  /** As an operator's console, not through a proxy. */
  readonly database: Database;
  readonly endpoint: Endpoint;
  /** The handlers, of all hosts. */
  readonly directory: string;
  /** Settings of the role that the workers log in as. */
  readonly defaults: [name: string, value: string][];
  readonly limits = new LimitHistory();
  readonly hosts: Host[] = [];
  readonly neighbours: string[] = [];
  /** Jobs that an operator cancelled, each with the one that was made of it. */
  readonly recreated: { old: string; made: string }[] = [];
  readonly #folder: string;
  #pooler: PgBouncer | null = null;

  private constructor(
    folder: string,
    servers: Servers,
    endpoint: Endpoint,
    directory: string,
    defaults: [string, string][],
  ) {
    this.#folder = folder;
    this.directory = directory;
    this.defaults = defaults;
    this.servers = servers;
    this.endpoint = endpoint;
    this.app = { ...servers.app, database: databaseName };
    const settings = { ...servers.superuser, database: databaseName };
    this.pool = new pg.Pool({
      ...settings,
      max: 12,
      ...(settings.hosts === undefined
        ? {}
        : { Client: FailoverClient as unknown as new () => pg.Client }),
    });
    this.pool.on('error', () => {});
    this.pool.on('connect', (client) => client.on('error', () => {}));
    this.database = openDatabase(this.app, { connections: 4 });
  }

  static async open(options: SceneOptions): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'servo-faults-'));
    const servers =
      options.replication === undefined
        ? // Not in there: the server's user may not enter it where we are root.
          await OneServer.open(`${folder}-home`)
        : await ServerPair.open(options.replication);
    try {
      return await Scene.#openIn(folder, servers, options);
    } catch (error) {
      await servers.close();
      throw error;
    }
  }

  static async #openIn(folder: string, servers: Servers, options: SceneOptions): Promise<Scene> {
    const client = createClient(servers.superuser, 60_000);
    await client.connect();
    await client.query(`create database ${databaseName}`);
    const defaults = drawDefaults(new Random(options.seed));
    await client.query(`alter database ${databaseName} set servo.journal_completions = 'on'`);
    await migrate({ ...servers.superuser, database: databaseName });
    for (const [name, value] of defaults) {
      await client.query(
        `alter role servo_app in database ${databaseName} set ${name} = ${pg.escapeLiteral(value)}`,
      );
    }
    await client.end();
    const endpoint = await Endpoint.open(join(folder, 'effects'), new Random(options.seed));
    const directory = handlerDirectory(handlerFiles(endpoint.url));
    const scene = new Scene(folder, servers, endpoint, directory, defaults);
    await scene.#furnish(directory);
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

  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.close()));
    await this.#pooler?.close();
    await this.endpoint.close();
    await this.database.close();
    await this.pool.end();
    await this.servers.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #furnish(directory: string): Promise<void> {
    appendFileSync(this.effectsFile, '');
    await this.rows(`create table effects (id bigint generated always as identity primary key, job_id uuid not null, key text not null,
      attempt int not null, at timestamptz not null default clock_timestamp());
      create index on effects (job_id);
      create table base_effects (job_id uuid not null, key text not null); create table base_jobs (job_id uuid not null); grant insert, select on effects to servo_app;
      create schema elsewhere; create table elsewhere.effects (like effects including all);
      grant usage on schema elsewhere to servo_app; grant insert, select on elsewhere.effects to servo_app;
      create table remote_state (down boolean not null); insert into remote_state values (false); grant select on remote_state to servo_app;
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'the audit refuses it'; end $$;
      create trigger refuse before update of state on backfill_partitions for each row
        when (new.partition_key = '${refusedKey}' and new.state = 'completed') execute function refuse()`);
    const assets = declarationsOf(await loadCatalogue(directory));
    for (const one of [tenant, neighbour])
      await registerAssets(this.database, one, 'suite', assets);
    const random = new Random(1);
    for (let i = 0; i < 3; i++)
      this.neighbours.push(await makeJob(this.pool, random, neighbour, 'fast'));
  }
}

/** Of the hosts' clocks, in hours (I13: that changes nothing); the last one jumps there and back. */
const clockErrors = [0, 1, -1];
const jumpMs = 7_000;

/** What makes a process take another time for now. */
function wrongClock(hours: number): string {
  const wrong = hours < 0 ? `performance.now() % ${2 * jumpMs} < ${jumpMs}` : 'true';
  return `const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...args) { super(...(args.length === 0 ? [Date.now()] : args)); }
  static now() { return Real.now() + (${wrong} ? ${hours * 3_600_000} : 0); }
};`;
}
