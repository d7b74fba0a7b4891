import { Client } from 'pg';
import type { ConnectionSettings } from '../../source/database/settings.ts';

/**
 * An external writer, as the base implementation works: base columns only, one statement a transaction,
 * heartbeats between partitions.
 */
export class ExternalWriter {
  readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  /** A session of the tenant; without a tenant, that of a superuser. */
  static async open(settings: ConnectionSettings, tenant: string | null): Promise<ExternalWriter> {
    const client = new Client(settings);
    client.on('error', () => {});
    await client.connect();
    if (tenant !== null) {
      await client.query(`select set_config('app.current_tenant', $1, false)`, [tenant]);
    }
    return new ExternalWriter(client);
  }

  async rows<Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query(text, values)).rows;
  }

  /** The job, then its partitions, each in its own transaction. */
  async insert(tenant: string, asset: string, keys: readonly string[]): Promise<string> {
    const job = await this.insertJob(tenant, asset, keys.length, keys);
    for (const key of keys) await this.insertPartition(tenant, job, key);
    return job;
  }

  /** Only the job; `listed` sets its partition_keys. */
  async insertJob(
    tenant: string,
    asset: string,
    total: number,
    listed: readonly string[],
  ): Promise<string> {
    const [job] = await this.rows<{ id: string }>(
      `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, execution_strategy, partition_keys, total_partitions, created_by)
       select gen_random_uuid(), tenant_id, id, name, gen_random_uuid()::text, 'pending', '{"type":"sequential"}', $3, $4, 'base'
       from assets where name = $2 and tenant_id = $1 returning id`,
      [tenant, asset, JSON.stringify(listed), total],
    );
    return job!.id;
  }

  async insertPartition(tenant: string, job: string, key: string): Promise<void> {
    await this.rows(
      `insert into backfill_partitions (id, backfill_job_id, partition_key, state, tenant_id)
       values (gen_random_uuid(), $1, $2, 'pending', $3)`,
      [job, key, tenant],
    );
  }

  async claim(tenant: string): Promise<string | null> {
    await this.rows('begin');
    const [job] = await this.rows<{ id: string }>(
      `select id from backfill_jobs where tenant_id = $1 and (state in ('pending', 'resuming')
         or (state = 'running' and heartbeat_at < now() - interval '120 seconds'))
       order by case state when 'pending' then 0 when 'resuming' then 1 else 2 end, created_at
       limit 1 for update skip locked`,
      [tenant],
    );
    if (job) {
      await this.rows(
        `update backfill_jobs set state = 'running', started_at = coalesce(started_at, now()), heartbeat_at = now(), version = version + 1
         where id = $1`,
        [job.id],
      );
    }
    await this.rows('commit');
    return job?.id ?? null;
  }

  /** Runs the lowest pending partition and writes absolute counters; null if none is pending. */
  async runNext(job: string): Promise<string | null> {
    const [seen] = await this.rows<{ state: string }>(
      'select state from backfill_jobs where id = $1',
      [job],
    );
    if (seen?.state !== 'running') return null;
    await this.rows('update backfill_jobs set heartbeat_at = now() where id = $1', [job]);
    const [partition] = await this.rows<{ id: string; partition_key: string }>(
      `update backfill_partitions set state = 'running', attempt_count = attempt_count + 1, started_at = now()
       where id = (select id from backfill_partitions where backfill_job_id = $1
         and (state = 'pending' or (state = 'failed' and attempt_count < 3)) order by partition_key limit 1 for update skip locked)
       returning id, partition_key`,
      [job],
    );
    if (!partition) return null;
    await this.rows(
      `update backfill_partitions set state = 'completed', completed_at = now(), duration_ms = 5 where id = $1`,
      [partition.id],
    );
    await this.rows(
      `update backfill_jobs set completed_partitions = c.n, checkpoint_partition_key = $2, avg_partition_duration_ms = 5
       from (select count(*) as n from backfill_partitions where backfill_job_id = $1 and state = 'completed') c where id = $1`,
      [job, partition.partition_key],
    );
    return partition.partition_key;
  }

  async complete(job: string): Promise<void> {
    await this.rows(
      `update backfill_jobs set state = 'completed', completed_at = now(), version = version + 1 where id = $1`,
      [job],
    );
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
