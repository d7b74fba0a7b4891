import type { Query } from '../database.ts';

/** The database's clock. All ages and deadlines are measured by it. */
export async function readClock(query: Query): Promise<Date> {
  const [row] = await query<{ now: Date }>('select clock_timestamp() as now');
  return row!.now;
}
