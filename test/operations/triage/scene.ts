import type { Query } from '../../../source/database/database.ts';
import { checkNamed } from '../../../source/database/queries/triage/checks.ts';
import type { CheckName, Finding } from '../../../source/domain/triage/checks.ts';
import { type Thresholds, thresholdDefaults } from '../../../source/domain/triage/thresholds.ts';
import { findingOf, maxRows } from '../../../source/operations/triage/checks.ts';
import { author, Operator } from '../../support/operator.ts';

/**
 * A database with assets. Checks run in the transaction that made their rows, so the clock stands
 * still.
 */
export class Scene {
  readonly operator: Operator;
  #made = 0;

  private constructor(operator: Operator) {
    this.operator = operator;
  }

  static async open(): Promise<Scene> {
    const operator = await Operator.open();
    for (const asset of ['orders', 'clicks', 'events']) await operator.asset(asset);
    for (const asset of ['orders', 'clicks']) await operator.asset(asset, undefined, 'globex');
    // So that a test can set the time of an event.
    await operator.sql('grant update on backfill_events to servo_app');
    return new Scene(operator);
  }

  close(): Promise<void> {
    return this.operator.close();
  }

  /** Creates rows in a transaction, runs checks in it, and rolls back. */
  async during(work: (moment: Moment) => Promise<void>, tenant = author.tenant): Promise<void> {
    const enough = new Error('enough');
    try {
      await this.operator.db.write({ tenant, actor: 'test' }, async (query) => {
        await work(new Moment(query, tenant, () => this.#made++));
        throw enough;
      });
    } catch (error) {
      if (error !== enough) throw error;
    }
  }
}

/** NOW() in that transaction. */
export class Moment {
  readonly query: Query;
  readonly tenant: string;
  readonly #number: () => number;

  constructor(query: Query, tenant: string, number: () => number) {
    this.query = query;
    this.tenant = tenant;
    this.#number = number;
  }

  /**
   * A job with this number of partitions, its columns as SQL expressions; without partition rows.
   */
  async job(columns: Readonly<Record<string, string>> = {}, asset = 'orders'): Promise<string> {
    const all: Record<string, string> = {
      state: `'running'`,
      total_partitions: '10',
      created_at: `now() - interval '1 hour'`,
      started_at: `now() - interval '1 hour'`,
      heartbeat_at: 'now()',
      ...columns,
    };
    const names = Object.keys(all);
    const [row] = await this.query<{ id: string }>(
      `insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key, ${names})
       select tenant_id, id, name, 'key ${this.#number()}', ${names.map((name) => all[name])} from assets
       where tenant_id = $1 and name = $2 returning id`,
      [this.tenant, asset],
    );
    return row!.id;
  }

  /** Partitions of a job by key with their columns: `{ '2024-01-01': "state = 'failed'" }` */
  async partitions(job: string, keys: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, set] of Object.entries(keys)) {
      await this.query(
        `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) values (gen_random_uuid(), $1, $2, $3)`,
        [job, this.tenant, key],
      );
      if (set !== '') {
        await this.query(
          `update backfill_partitions set ${set} where backfill_job_id = $1 and partition_key = $2`,
          [job, key],
        );
      }
    }
  }

  /** A sample of a job, this long ago. */
  async sample(
    job: string,
    ago: string,
    columns: { completed: number; failed?: number; eta?: string },
  ) {
    await this.query(
      `insert into backfill_samples (job_id, at, tenant_id, completed, failed, estimated_completion_at)
       values ($1, now() - $2::interval, $3, $4, $5, ${columns.eta ?? 'null'})`,
      [job, ago, this.tenant, columns.completed, columns.failed ?? 0],
    );
  }

  async executor(columns: Readonly<Record<string, string>> = {}): Promise<string> {
    const all: Record<string, string> = {
      id: `'h:${this.#number()}:x'`,
      tenant_id: `'${this.tenant}'`,
      host: `'h'`,
      pid: '1',
      version: `'0'`,
      slots: '2',
      handlers: `'{orders,clicks}'`,
      ...columns,
    };
    const [row] = await this.query<{ id: string }>(
      `insert into backfill_executors (${Object.keys(all)}) values (${Object.values(all)}) returning id`,
    );
    return row!.id;
  }

  async set(job: string, set: string): Promise<void> {
    await this.query(`update backfill_jobs set ${set} where id = $1`, [job]);
  }

  /** The rows that a check finds now. */
  async find(
    name: CheckName,
    options: { job?: string; thresholds?: Partial<Thresholds> } = {},
  ): Promise<Omit<Finding, 'as_of' | 'tenant_id'>> {
    return findingOf(this.query, checkNamed(name), {
      tenant: this.tenant,
      thresholds: { ...thresholdDefaults, ...options.thresholds },
      job: options.job ?? null,
      limit: maxRows + 1,
    });
  }

  /** The ids that it finds, in order. */
  async ids(
    name: CheckName,
    options: { job?: string; thresholds?: Partial<Thresholds> } = {},
  ): Promise<(string | null)[]> {
    return (await this.find(name, options)).rows.map((row) => row.job_id);
  }
}
