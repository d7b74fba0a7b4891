import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import {
  partitionEvents,
  partitionLogs,
  readPartition,
} from '../../database/queries/read-partition.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { PartitionDetail } from '../../domain/partition/partition.ts';
import { ServoError } from '../../errors.ts';

const limits = { events: 50, logs: 10 };

/** @throws ServoError not_found */
export function getPartition(
  db: Database,
  tenant: string,
  job: string,
  key: string,
): Promise<PartitionDetail> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const partition = await readPartition(query, tenant, job, key);
    if (partition === null) {
      throw new ServoError('not_found', `job ${shortId(job)} has no partition ${key}`, {
        hint: `see: servo-tui status ${shortId(job)}`,
      });
    }
    return {
      as_of,
      tenant_id: tenant,
      job_id: job,
      partition,
      events: await partitionEvents(query, tenant, job, key, limits.events),
      logs: await partitionLogs(query, tenant, job, key, limits.logs),
    };
  });
}
