import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExecutorMetrics } from '../../source/observability/executor-metrics.ts';
import { Backfills, functionHandler } from '../support/backfill.ts';
import { isRefusal, oddColumns, oddValues } from '../support/odd-values.ts';
import { waitFor } from '../support/wait-for.ts';

/** Columns whose odd values leave a job that no executor can or may end: a state, a version that cannot grow, keys that are none. */
const deciding =
  /\.(state|version|claimed_version|asset_name|partition_keys|total_partitions|include_upstream|lease_.*|needs_finalizing|upstream.*|completed_upstream.*|crash_count|available_at)$/;

let backfills: Backfills;

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterAll(() => backfills.close());

describe('A11 one odd row never blinds the executor', () => {
  test('other jobs run, and so do those whose odd value decides nothing', async () => {
    const odd: { what: string; id: string }[] = [];
    for (const { table_name, column_name, udt_name } of await oddColumns((text) =>
      backfills.rows(text),
    )) {
      for (const value of oddValues[udt_name]!) {
        for (const state of ['pending', 'resuming', 'running']) {
          const id = await backfills.job({ keys: ['a', 'b'], columns: { priority: 10 } });
          const own = table_name === 'backfill_jobs' ? 'id = $1' : 'backfill_job_id = $1';
          // What waits was paused once; what runs was left behind by another writer.
          await backfills.rows(
            `update backfill_jobs set state = $2, version = 3, created_at = now() - interval '2 hours', started_at = now() - interval '1 hour',
               heartbeat_at = now() - interval '1 hour', paused_at = now() - interval '1 hour', avg_partition_duration_ms = 5,
               sla_deadline_at = now() + interval '1 hour' where id = $1 and $2::text <> 'pending'`,
            [id, state],
          );
          const held = await backfills
            .rows(`update ${table_name} set ${column_name} = $2 where ${own}`, [id, value])
            .then(() => true, isRefusal);
          if (held)
            odd.push({
              what: `${table_name}.${column_name} = ${value.slice(0, 40)} (${state})`,
              id,
            });
        }
      }
    }
    // Behind all of them.
    const healthy = await Promise.all(
      [1, 2, 3].map(() => backfills.job({ keys: ['a', 'b'], columns: { priority: -10 } })),
    );
    // As with --metrics-port: a figure that is none must not end the executor.
    const { meter } = new ExecutorMetrics(() => null, true);
    await backfills.execute([functionHandler('orders', async () => undefined)], {
      slots: 8,
      meter,
    });
    for (const id of healthy) await backfills.state(id, 'completed');
    // Heartbeats of external writers are believed: a job with one in the year 12026 is left to its writer.
    const futureHeartbeat = /heartbeat_at = (infinity|\d{5}).*running/;
    const usual = odd.filter(
      ({ what }) => !deciding.test(what.split(' ')[0]!) && !futureHeartbeat.test(what),
    );
    expect(usual.length).toBeGreaterThan(300);
    const left = async () => {
      const ended = await backfills.rows<{ id: string }>(
        "select id from backfill_jobs where state = 'completed'",
      );
      const ids = new Set(ended.map(({ id }) => id));
      return usual.flatMap(({ what, id }) => (ids.has(id) ? [] : [what]));
    };
    await waitFor('the odd jobs to end', async () => (await left()).length === 0, {
      seen: left,
    });
  }, 180_000);
});
