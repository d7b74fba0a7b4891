import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../source/database/database.ts';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { listJobs } from '../../source/operations/jobs/list-jobs.ts';
import { listAlerts } from '../../source/operations/triage/alerts.ts';
import { explainJob } from '../../source/operations/triage/explain-job.ts';
import { readRiskBoard } from '../../source/operations/triage/risk.ts';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { documentOf, run } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';
import { environmentFor, handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
let worker: Worker;

beforeEach(async () => {
  backfills = await Backfills.open();
});
afterEach(async () => {
  await worker.kill();
  await backfills.close();
});

it('B3 with a frozen worker, a busy slot and failures that stay, no surface says that all is well', async () => {
  const deadline = new Date(Date.now() + 6 * 3_600_000);
  const columns = { sla_deadline_at: deadline, avg_partition_duration_ms: 20_000 };
  const runs = await backfills.job({ keys: keys(3), columns });
  // Of lower rank: the only slot is taken.
  const waits = await backfills.job({ keys: keys(3), columns: { ...columns, priority: -1 } });
  const fails = await backfills.job({ asset: 'events', keys: keys(3), columns });
  await backfills.rows(
    `update backfill_partitions set state = 'failed', error_message = 'no such table', completed_at = now() where backfill_job_id = $1
       and partition_key <> (select min(partition_key) from backfill_partitions where backfill_job_id = $1)`,
    [fails],
  );
  await backfills.rows(
    `update backfill_jobs set state = 'running', started_at = now(), heartbeat_at = now(), version = version + 1 where id = $1`,
    [fails],
  );
  await backfills.rows(
    `update backfill_jobs set state = 'paused', paused_at = now(), failed_partitions = 2, version = version + 1,
       failing = '{"fingerprint": "x", "failures": 2, "message": "no such table"}' where id = $1`,
    [fails],
  );
  const handlers = handlerDirectory({
    orders: '#!/bin/sh\nexec sleep 600\n',
    events: '#!/bin/sh\nexit 0\n',
  });
  worker = new Worker(backfills.database.app, tenant, ['--handlers', handlers, '--slots', '1']);
  await worker.started();
  await backfills.state(runs, 'running');

  const db = openDatabase(backfills.database.app);
  const seen = async () => {
    const { jobs } = await listJobs(db, tenant, { limit: 10, sort: undefined });
    return new Map(jobs.map((job) => [job.id, job]));
  };
  try {
    // This one runs, and the other waits for its slot.
    const starving = await waitFor('the other to wait for a slot', async () => {
      const jobs = await seen();
      return jobs.get(waits)!.waits_for === 'outranked' ? jobs : null;
    });
    expect(starving.get(runs)).toMatchObject({ silent_slots: 0, risk_level: 'on_track' });
    expect(starving.get(waits)).toMatchObject({
      health: 'queued',
      bound_by: 'slots',
      place: 1,
      needs_seconds: null,
      risk_level: 'on_track',
      health_reason: 'queued: 1/1 slot busy',
    });
    // After the three partitions of the other.
    const { start_seconds, eta_seconds } = starving.get(waits)!;
    expect(Math.round(eta_seconds! - start_seconds!)).toBe(60);
    expect((await explainJob(db, tenant, waits)).clause).toBe('outranked');
    expect(starving.get(fails)).toMatchObject({
      health: 'auto_paused',
      health_reason: 'will end incomplete: 2 failed',
      risk_level: 'unknown',
    });

    worker.process.kill('SIGSTOP');
    const frozen = await waitFor('its executor to be silent', async () => {
      const jobs = await seen();
      return jobs.get(runs)!.health === 'silent' ? jobs : null;
    });
    // Not before the header shows the executor as silent, and not after.
    expect((await listAlerts(db, tenant)).executors).toEqual({ alive: 0, silent: 1 });
    expect(frozen.get(runs)).toMatchObject({
      state: 'running',
      heartbeat_stale: false,
      running_slots: 1,
      silent_slots: 1,
      eta_seconds: null,
      risk_level: 'unknown',
    });
    const [silent] = (await explainJob(db, tenant, runs)).facts.silent;
    expect(frozen.get(runs)!.health_reason).toMatch(
      new RegExp(`^${silent!.id} with 1 slot has been silent for \\d+s$`),
    );
    expect(frozen.get(waits)).toMatchObject({
      eta_seconds: null,
      health: 'blocked',
      waits_for: 'no_executor',
      health_reason: 'no executor is running for this tenant',
    });
    // One order for the table read whole, the table read in pages, and the filtered table.
    const order = [runs, waits, fails];
    const filter = parseFilter('problems');
    for (const options of [{}, { whole: 0 }, { filter }, { filter, whole: 0 }]) {
      const { jobs } = await listJobs(db, tenant, { limit: 10, ...options });
      expect(jobs.map(({ id }) => id)).toEqual(order);
    }
    const board = await readRiskBoard(db, tenant);
    expect(board.jobs.map((job) => job.risk_level)).toEqual(['unknown', 'unknown', 'unknown']);

    const variables = environmentFor(backfills.database.app, tenant) as Record<string, string>;
    const list = await run(['list', '--utc'], variables);
    const row = (id: string) =>
      list.stdout.split('\n').find((line) => line.includes(id.slice(0, 8)));
    expect(row(runs)).toMatch(/running .* silent +unknown/);
    expect(row(waits)).toMatch(/pending .* no executor +unknown/);
    expect(row(fails)).toMatch(/paused .* paused \S+ +✗ incomplete/);
    expect(list.stdout).not.toMatch(/\bok\b|on track/);
    const status = await run(['status', runs], variables);
    expect(status.stdout).toMatch(/^health +✗ \S+ with 1 slot has been silent for \d+s$/m);
    const json = await run(['status', fails, '--json'], variables);
    expect(documentOf('status', json.stdout).job).toMatchObject({
      health: 'auto_paused',
      incomplete_partitions: 2,
    });
    const risk = await run(['risk'], variables);
    expect(risk.stdout).toMatch(/executor silent/);
    expect(risk.stdout).not.toMatch(/on track \d/);
  } finally {
    worker.process.kill('SIGCONT');
    await db.close();
  }
});
