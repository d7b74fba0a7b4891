import type { HealthSignals } from '../../domain/executor/throttle.ts';
import type { Database } from '../database.ts';

/** A standby's lag needs pg_read_all_stats, and is null without it. */
export async function readHealth(database: Database): Promise<HealthSignals> {
  const [row] = await database.call<HealthSignals>(
    `select (select extract(epoch from max(replay_lag))::float8 from pg_stat_replication) as replication_lag_seconds,
       (select extract(epoch from clock_timestamp() - min(waitstart))::float8 from pg_locks
         where not granted and database = (select oid from pg_database where datname = current_database())) as lock_wait_seconds,
       (select count(*)::float8 / current_setting('max_connections')::int from pg_stat_activity where backend_type = 'client backend') as connections`,
  );
  return row!;
}
