import pg from 'pg';
import { type Database, openDatabase } from '../../source/database/database.ts';
import type { Granularity } from '../../source/domain/partition/period.ts';
import type { StartInput } from '../../source/domain/start/request.ts';
import { type Started, startBackfill } from '../../source/operations/start/start-backfill.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const author = { tenant: 'acme', actor: 'mara' };

/** A fresh database: `db` connects as servo_app, `sql` as superuser. */
export class Operator {
  readonly database: TestDatabase;
  readonly db: Database;
  readonly #superuser: pg.Pool;

  private constructor(database: TestDatabase) {
    this.database = database;
    this.db = openDatabase(database.app);
    this.#superuser = new pg.Pool({ ...database.superuser, max: 2 });
    this.#superuser.on('error', () => {});
  }

  static async open(): Promise<Operator> {
    return new Operator(await createTestDatabase());
  }

  async sql<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#superuser.query(text, values)).rows;
  }

  /** The only value of the only row. */
  async value<T>(text: string, values: unknown[] = []): Promise<T> {
    return Object.values((await this.sql<Record<string, T>>(text, values))[0]!)[0]!;
  }

  async asset(
    name: string,
    every?: Granularity,
    tenant: string | null = author.tenant,
  ): Promise<string> {
    const config = every && { partition_type: { Time: { granularity: every } } };
    return this.value(
      `insert into assets (id, name, asset_type, tenant_id, partition_config) values (gen_random_uuid(), $1, 'table', $2, $3) returning id`,
      [name, tenant, config ?? null],
    );
  }

  /** Any keys, whatever the asset. */
  start(input: StartInput): Promise<Started> {
    return startBackfill(this.db, author, { any_key: true, ...input });
  }

  /** A job that our executors could run, set to `state` by an update of `columns`. */
  async job(input: StartInput, columns: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { job } = await this.start(input);
    for (const [name, value] of Object.entries(columns)) {
      await this.sql(`update backfill_jobs set ${name} = $2 where id = $1`, [job!.id, value]);
    }
    return job!.id;
  }

  /** An executor that is alive for an hour, without a process. */
  async executor(id: string, slots: number, handlers: readonly string[]): Promise<void> {
    await this.sql(
      `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers, seen_at)
       values ($1, $2, 'h', 1, '0', $3, $4, now() + interval '1 hour')`,
      [id, author.tenant, slots, handlers],
    );
  }

  /** As if the executor had just begun so many partitions of the job. */
  async lease(job: string, executor: string, slots: number): Promise<void> {
    const held = await this.sql<{ token: string }>(
      `update backfill_partitions p set state = 'running', attempt_count = 1, started_at = now(), lease_owner = $2,
         lease_token = gen_random_uuid(), lease_expires_at = now() + interval '1 hour'
       where p.id in (select id from backfill_partitions where backfill_job_id = $1 and state = 'pending'
         order by partition_key desc limit $3) returning lease_token as token`,
      [job, executor, slots],
    );
    await this.sql(
      'update backfill_jobs set claimed_version = version, lease_tokens = $2 where id = $1',
      [job, held.map(({ token }) => token)],
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.db.close(), this.#superuser.end()]);
    await this.database.drop();
  }
}

/** The error that the work fails with. */
export async function errorOf(
  work: Promise<unknown>,
): Promise<Error & { code?: string; hint?: string }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
