import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../source/database/database.ts';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { readEffects } from '../../source/operations/forecast/read-effects.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { Backfills, functionHandler, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;
let database: Database;

beforeAll(async () => {
  backfills = await Backfills.open();
  database = openDatabase(backfills.database.app, { connections: 2 });
});

afterAll(async () => {
  await database.close();
  await backfills.close();
});

const handler = functionHandler('orders', async () => {
  await new Promise((resolve) => setTimeout(resolve, 80));
  return undefined;
});

/** How far apart, in milliseconds. */
const apart = (one: Date, other: Date | null) => Math.abs(Number(one) - Number(other));

describe('what a dialog foresees', () => {
  it('comes true: the pause of a competitor', async () => {
    const author = { tenant, actor: 'mara' };
    const columns = { avg_partition_duration_ms: 80 };
    const first = await backfills.job({ keys: keys(1000), columns: { ...columns, priority: 9 } });
    const second = await backfills.job({ keys: keys(50), columns });
    const executor = await backfills.execute([handler], { slots: 1 });
    const timed = (id: string, count: number) =>
      waitFor(`${count} attempts`, async () => {
        const row = await backfills.row<{ timed_attempts: number | null }>(
          'select timed_attempts from backfill_jobs where id = $1',
          [id],
        );
        return (row.timed_attempts ?? 0) >= count;
      });
    await timed(first, 15);
    const pausing = await readEffects(database, tenant, [{ id: first, action: 'pause' }]);
    const [gains] = pausing.others;
    expect(gains).toMatchObject({ job_id: second, asset_name: 'orders' });
    expect(pausing.jobs).toMatchObject([{ after: { finish_at: null, unknown: 'paused' } }]);
    expect(pausing.slots).toEqual({ busy: 1, total: 1 });
    const { page } = await listJobs(database, tenant, { limit: 10 });
    expect(page.slots).toEqual({ busy: 1, total: 1 });
    await actOnJob(database, author, { action: 'pause', id: first });
    await timed(second, 15);
    // It outranks what runs, and would take the slot when a partition ends.
    const resuming = await readEffects(database, tenant, [{ id: first, action: 'resume' }]);
    expect(resuming.others).toMatchObject([{ job_id: second, fails: false }]);
    const ended = (await backfills.state(second, 'completed')).completed_at!;
    const { before, after } = gains!;
    // Nearer than a quarter of what was promised, and not by chance: else it had taken minutes.
    const promised = apart(pausing.as_of, after!.finish_at);
    expect(apart(ended, after!.finish_at)).toBeLessThan(promised / 4 + 1_000);
    expect(apart(ended, before!.finish_at)).toBeGreaterThan(30_000);
    await executor.drain();
  });
});
