import { type Database, openDatabase, type Query } from '../../source/database/database.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';

type PlanNode = { 'Node Type': string; 'Relation Name'?: string; Plans?: PlanNode[] };

/** Reads of the big tables. */
export type Reads = {
  /** Sequential scans in the plans. */
  scans: string[];
  /** Sequential scans by the server's own count, which includes functions. */
  sequential: number;
  /** Rows fetched through indexes. */
  fetched: number;
};

const big = ['backfill_jobs', 'backfill_partitions', 'backfill_events', 'backfill_samples'];

/**
 * Does the work in one transaction as servo_app and rolls it back. Not as superuser: without
 * row-level security a plan proves nothing.
 */
export async function readsOf(
  app: ConnectionSettings,
  tenant: string,
  work: (database: Database, query: Query) => Promise<unknown>,
  tables: readonly string[] = big,
): Promise<Reads> {
  const db = openDatabase(app, { connections: 1 });
  const enough = new Error('enough');
  let reads: Reads | undefined;
  try {
    await db.write({ tenant, actor: 'test' }, async (ask) => {
      const plans: PlanNode[] = [];
      const query: Query = async (text, values) => {
        const [row] = await ask<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
          `explain (format json) ${text}`,
          values,
        );
        plans.push(row!['QUERY PLAN'][0].Plan);
        return ask(text, values);
      };
      // Statements outside of a transaction have the server's settings, not ours.
      const call: Query = async (text, values) => {
        await ask('set local enable_bitmapscan = on');
        await ask('set local random_page_cost = 4');
        return ask(text, values);
      };
      const database = {
        read: (_: string, run: (query: Query) => unknown) => run(query),
        call,
      } as unknown as Database;
      const before = await counters(ask, tables);
      await work(database, query);
      const after = await counters(ask, tables);
      reads = {
        scans: plans.flatMap(scansOf),
        sequential: after.sequential - before.sequential,
        fetched: after.fetched - before.fetched,
      };
      throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  } finally {
    await db.close();
  }
  return reads!;
}

async function counters(
  query: Query,
  tables: readonly string[],
): Promise<{ sequential: number; fetched: number }> {
  const [row] = await query<{ sequential: number; fetched: number }>(
    `select coalesce(sum(seq_scan), 0)::int as sequential, coalesce(sum(idx_tup_fetch), 0)::int as fetched
     from pg_stat_xact_user_tables where relname = any ($1)`,
    [tables],
  );
  return row!;
}

/** The sequential scans of big tables in a plan (EXPLAIN, FORMAT JSON) and below it. */
export function scansOf(plan: PlanNode): string[] {
  const table = plan['Relation Name'] ?? '';
  const own =
    plan['Node Type'] === 'Seq Scan' && big.includes(table) ? [`Seq Scan on ${table}`] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scansOf)];
}
