import { randomUUID } from 'node:crypto';
import { Pool, type PoolClient } from 'pg';
import { openDatabase } from '../../source/database/database.ts';
import {
  type Rescued,
  renewLeases,
  rescueJob,
} from '../../source/database/queries/executor-calls.ts';
import { findViolations, type Violation } from '../../source/database/queries/find-violations.ts';
import { type BatchReply, reportAndClaim } from '../../source/database/queries/report-and-claim.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import type { FailureLimit, HealthLimits } from '../../source/domain/executor/throttle.ts';
import type { Attempt, Lease, Outcome } from '../../source/domain/partition/attempt.ts';
import { type Executor, startExecutor } from '../../source/executor/executor.ts';
import { scaleTimings, type Timings } from '../../source/executor/settings.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import { type Log, silentLog } from '../../source/observability/log.ts';
import type { Meter } from '../../source/observability/meter.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { waitFor } from './wait-for.ts';

export const tenant = 'acme';

export type JobSpec = {
  asset?: string;
  /** A tenant other than acme. */
  tenant?: string;
  keys: readonly string[];
  strategy?: Record<string, unknown>;
  columns?: Record<string, unknown>;
};

/** A fresh database for tests of the executor; `close` stops everything that was started. */
export class Backfills {
  readonly database: TestDatabase;
  /** As superuser: sees the rows of all tenants. */
  readonly pool: Pool;
  readonly #executors: Executor[] = [];

  private constructor(database: TestDatabase) {
    this.database = database;
    this.pool = new Pool(database.superuser);
    this.pool.on('error', () => {});
  }

  /** On a fresh database or the given one. */
  static async open(database?: TestDatabase): Promise<Backfills> {
    return new Backfills(database ?? (await createTestDatabase()));
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query(text, values)).rows;
  }

  async row<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row> {
    return (await this.rows<Row>(text, values))[0]!;
  }

  /** A pending job with its partitions. */
  async job(spec: JobSpec): Promise<string> {
    const asset = spec.asset ?? 'orders';
    await this.pool.query(
      `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), $1, 'table', $2) on conflict do nothing`,
      [asset, spec.tenant ?? tenant],
    );
    // One transaction: a waiting executor must not see an incomplete job.
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      const id = await this.#insert(client, asset, spec);
      await client.query('commit');
      return id;
    } finally {
      client.release();
    }
  }

  async #insert(client: PoolClient, asset: string, spec: JobSpec): Promise<string> {
    const { rows } = await client.query<{ id: string }>(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, total_partitions, partition_keys, execution_strategy)
       select tenant_id, id, name, $3, $4, $5, $6 from assets where name = $2 and tenant_id = $1 returning id`,
      [
        spec.tenant ?? tenant,
        asset,
        randomUUID(),
        spec.keys.length,
        JSON.stringify(spec.keys.slice(0, 10_000)),
        JSON.stringify(spec.strategy ?? { type: 'sequential' }),
      ],
    );
    const { id } = rows[0]!;
    for (const [name, value] of Object.entries(spec.columns ?? {})) {
      await client.query(`update backfill_jobs set ${name} = $2 where id = $1`, [id, value]);
    }
    await client.query(
      'insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) select gen_random_uuid(), $1, $2, unnest($3::text[])',
      [id, spec.tenant ?? tenant, spec.keys],
    );
    return id;
  }

  async execute(
    handlers: Handler[],
    options: {
      slots?: number;
      tenants?: readonly string[];
      timings?: Partial<Timings>;
      speed?: number;
      grace?: number;
      log?: Log;
      meter?: Meter;
      health?: HealthLimits;
      failures?: FailureLimit | null;
      pause_at?: number | null;
      /** Another route to the database. */
      settings?: ConnectionSettings;
    } = {},
  ): Promise<Executor> {
    const executor = await startExecutor({
      settings: options.settings ?? this.database.app,
      tenants: options.tenants ?? [tenant],
      catalogue: new Map(handlers.map((handler) => [handler.asset, handler])),
      slots: options.slots ?? 4,
      grace: options.grace ?? 10_000,
      timings: { ...scaleTimings(options.speed ?? 50), ...options.timings },
      health: options.health,
      failures: options.failures,
      pause_at: options.pause_at,
      meter: options.meter,
      log: () => options.log ?? silentLog,
    });
    this.#executors.push(executor);
    return executor;
  }

  /** Waits until the job is in one of these states, and returns its row. */
  state(id: string, ...states: string[]): Promise<Record<string, never>> {
    const look = () =>
      this.row<Record<string, never>>('select * from backfill_jobs where id = $1', [id]);
    return waitFor(
      `the job to be ${states.join(' or ')}`,
      async () => {
        const row = await look();
        return states.includes(row.state!) ? row : null;
      },
      { seen: look },
    );
  }

  partitions(id: string): Promise<Record<string, never>[]> {
    return this.rows(
      'select * from backfill_partitions where backfill_job_id = $1 order by partition_key',
      [id],
    );
  }

  /** Kinds and partition keys of the job's journal, oldest first, without its own transitions. */
  async attemptsJournal(id: string): Promise<string[]> {
    const rows = await this.rows<{ kind: string; partition_key: string }>(
      `select kind, partition_key from backfill_events where job_id = $1 and kind <> 'state' order by id`,
      [id],
    );
    return rows.map((row) => `${row.kind} ${row.partition_key}`);
  }

  /** The rows that violate an invariant now. */
  async violations(): Promise<Violation[]> {
    const database = openDatabase(this.database.app, { connections: 1 });
    try {
      return await findViolations(database, tenant);
    } finally {
      await database.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#executors.map((executor) => executor.abort()));
    await this.pool.end();
    await this.database.drop();
  }
}

export function keys(count: number, prefix = 'k'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(5, '0')}`);
}

/** A handler in this process: what `run` returns, or the error it throws, is the outcome. */
export function functionHandler(
  asset: string,
  run: (
    key: string,
    attempt: number,
    signal: AbortSignal,
  ) => Promise<Outcome | undefined> | Outcome | undefined,
): Handler {
  return {
    asset,
    kind: 'function',
    run: async ({ attempt, signal }) => ({
      outcome: (await run(attempt.partition_key, attempt.attempt, signal)) ?? { kind: 'completed' },
    }),
  };
}

/** A gate that a test opens and handlers wait for. */
export class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}

/** An executor's messages without an executor, for tests of the protocol. */
export class ExecutorSession {
  readonly #database;
  readonly #job: string;
  readonly owner: string;

  constructor(backfills: Backfills, job: string, owner: string) {
    this.#database = openDatabase(backfills.database.app, { connections: 1 });
    this.#job = job;
    this.owner = owner;
  }

  claimJob(): Promise<unknown[]> {
    return this.#database.call('select * from servo_claim_v1($1, $2, $3, 120000, 30000)', [
      tenant,
      this.#job,
      this.owner,
    ]);
  }

  /** Opens lease queues with up to `want` attempts each; reports and closes the given ones. */
  batch(
    batch: Partial<{
      reports: {
        attempt: BatchReply['claimed'][number];
        outcome: Outcome;
        duration_ms?: number;
        delay_ms?: number;
      }[];
      closing: string[];
      opening: { token: string; replaces: string | null }[];
      per_queue: number;
      lease_ms: number;
    }>,
  ): Promise<BatchReply | null> {
    return reportAndClaim(this.#database, {
      tenant,
      job: this.#job,
      asset: 'orders',
      granularity: null,
      owner: this.owner,
      reports: (batch.reports ?? []).map((report) => ({ duration_ms: 10, delay_ms: 0, ...report })),
      closing: batch.closing ?? [],
      opening: batch.opening ?? [],
      per_queue: batch.per_queue ?? 1,
      lease_ms: batch.lease_ms ?? 120_000,
    });
  }

  /** Returns the number of rescued attempts. */
  async rescue(): Promise<number> {
    return (await this.rescued()).length;
  }

  rescued(): Promise<Rescued[]> {
    const rescue = { tenant, job: this.#job, actor: this.owner, stale_ms: 120_000 };
    return rescueJob(this.#database, rescue);
  }

  heartbeat(attempts: readonly Attempt[], lease_ms = 120_000): Promise<Lease[]> {
    return renewLeases(this.#database, { tenant, attempts, lease_ms });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

export const completed: Outcome = { kind: 'completed' };
