import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { executorsOnHold, readExecutors } from '../../database/queries/read-executors.ts';
import { type ExecutorList, viewExecutor } from '../../domain/executor/executor.ts';

export function listExecutors(db: Database, tenant: string): Promise<ExecutorList> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const rows = await readExecutors(query, tenant);
    return {
      as_of,
      tenant_id: tenant,
      executors: rows.map((row) => viewExecutor(row, as_of)),
    };
  });
}

export function listOnHold(
  db: Database,
  tenant: string,
): Promise<{ id: string; hold_reason: string }[]> {
  return db.read(tenant, (query) => executorsOnHold(query, tenant));
}
