import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseFilter } from '../../source/domain/job/filter.ts';
import { type JobThresholds, thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { setJob } from '../../source/operations/act/set.ts';
import { getJob, getJobDetail } from '../../source/operations/jobs/get-job.ts';
import { listJobs, listNamedJobs } from '../../source/operations/jobs/list-jobs.ts';
import { draftPlan } from '../../source/operations/plan/plan-actions.ts';
import { exportJob } from '../../source/operations/reports/export-job.ts';
import { readHandoff } from '../../source/operations/reports/hand-off.ts';
import { assessRisk } from '../../source/operations/triage/risk.ts';
import { author, Operator } from '../support/operator.ts';

let operator: Operator;
let id: string;
beforeAll(async () => {
  operator = await Operator.open();
  await operator.asset('orders', 'day');
  id = await operator.job(
    { asset: 'orders', start: '2024-01-01', end: '2024-01-10' },
    {
      state: 'running',
      heartbeat_at: new Date(Date.now() - 180_000),
      avg_partition_duration_ms: 1000,
      completed_partitions: 5,
      sla_deadline_at: new Date(Date.now() + 3_600_000),
    },
  );
});
afterAll(() => operator.close());

const minutes = (heartbeat_stale: number) => ({
  ...thresholdDefaults,
  heartbeat_stale: heartbeat_stale * 60_000,
});

type Seen = { heartbeat_stale: boolean; eta_seconds: number | null; risk_level: string };

/** Every report of a job, with the figures it shows. */
const readers: Record<string, (thresholds: JobThresholds) => Promise<Seen | undefined>> = {
  'the job table': async (thresholds) =>
    (await listJobs(operator.db, 'acme', { limit: 10, thresholds })).jobs[0],
  'the job table walked': async (thresholds) =>
    (await listJobs(operator.db, 'acme', { limit: 10, whole: 0, thresholds })).jobs[0],
  'jobs by id': async (thresholds) =>
    (await listNamedJobs(operator.db, 'acme', [id], thresholds))[0],
  'one job': async (thresholds) => (await getJob(operator.db, 'acme', id, thresholds)).job,
  'one job in full': async (thresholds) =>
    (await getJobDetail(operator.db, 'acme', id, { buckets: 0, thresholds })).job,
  'a plan': async (thresholds) => (await draftPlan(operator.db, 'acme', [id], thresholds)).jobs[0],
  'the calculator': async (thresholds) => {
    const input = { job: null, pause: [] };
    return (await assessRisk(operator.db, 'acme', input, { ...thresholdDefaults, ...thresholds }))
      .jobs[0];
  },
  'an incident report': async (thresholds) =>
    (await exportJob(operator.db, 'acme', id, { ...thresholdDefaults, ...thresholds })).job,
  'a hand-off': async (thresholds) => {
    const all = { ...thresholdDefaults, ...thresholds };
    return (await readHandoff(operator.db, 'acme', { before_ms: 60_000 }, all)).at_risk[0];
  },
  'a change of settings': async (thresholds) =>
    (await setJob(operator.db, author, id, { priority: '5' }, undefined, thresholds)).job,
};

test.each(Object.keys(readers))('heartbeat_stale moves the stale mark: %s', async (name) => {
  expect(await readers[name]!(minutes(2))).toMatchObject({
    heartbeat_stale: true,
    eta_seconds: null,
    risk_level: 'unknown',
  });
  const fresh = await readers[name]!(minutes(5));
  if (name === 'a hand-off') expect(fresh).toBeUndefined();
  else
    expect(fresh).toMatchObject({
      heartbeat_stale: false,
      eta_seconds: 5,
      risk_level: 'on_track',
    });
});

test('heartbeat_stale moves what problems are, and what comes first', async () => {
  const filter = parseFilter('problems');
  const found = async (heartbeat_stale: number) => {
    const options = { limit: 10, filter, thresholds: minutes(heartbeat_stale) };
    return (await listJobs(operator.db, 'acme', options)).jobs.length;
  };
  expect([await found(2), await found(5)]).toEqual([1, 0]);
  const second = await operator.job(
    { asset: 'orders', start: '2024-02-01', end: '2024-02-02' },
    { state: 'running', heartbeat_at: new Date(), priority: 9 },
  );
  const first = async (heartbeat_stale: number) => {
    const options = { limit: 10, whole: 0, thresholds: minutes(heartbeat_stale) };
    return (await listJobs(operator.db, 'acme', options)).jobs[0]!.id;
  };
  expect([await first(2), await first(5)]).toEqual([id, second]);
});
