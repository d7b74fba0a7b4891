import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { actOnJob } from '../../source/operations/act/act-on-job.ts';
import { reclaimJob } from '../../source/operations/act/reclaim.ts';
import { triage } from '../../source/operations/triage/checks.ts';
import { assessJob, verifyJob } from '../../source/operations/triage/explain-job.ts';
import { explainText } from '../../source/presentation/triage/explain-text.ts';
import { author, errorOf, Operator } from '../support/operator.ts';

let operator: Operator;
let made = 0;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'raw']) await operator.asset(asset);
});
afterAll(() => operator.close());
beforeEach(async () => {
  await operator.sql('delete from backfill_jobs');
  await operator.sql('delete from backfill_executors');
});

const anExecutor = (handlers = '{orders,raw}') =>
  operator.sql(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers) values ('h:${made++}:x', 'acme', 'h', 1, '0', 4, $1)`,
    [handlers],
  );
const aJob = async (set: string, keys = ['a', 'b', 'c']) => {
  const id = await operator.job({
    asset: 'orders',
    partitions: keys.map((key) => `${key}${made}`),
    idempotency_key: `key ${made++}`,
  });
  await operator.sql(`update backfill_jobs set ${set} where id = $1`, [id]);
  return id;
};
const assess = (id: string) => assessJob(operator.db, 'acme', id);
const heartbeat = (age: string) =>
  `state = 'running', claimed_version = version + 1, started_at = now() - interval '3 hours', heartbeat_at = now() - interval '${age}'`;

describe('scenario, recommendation and the action that is ready', () => {
  test('nothing is wrong', async () => {
    await anExecutor();
    const assessed = await assess(await aJob(`priority = 3`));
    expect(assessed).toMatchObject({
      clause: 'claimable',
      findings: [],
      scenario: null,
      evidence: null,
      recommendation: null,
      escalations: [],
    });
  });

  test('stuck without an executor: start one', async () => {
    const assessed = await assess(await aJob(heartbeat('14 minutes')));
    expect(assessed.scenario).toBe('stuck');
    expect(assessed.findings.map(({ check }) => check.name)).toEqual([
      'stuck',
      'no-executor',
      'bulk-reclaim',
    ]);
    expect(assessed.recommendation).toMatchObject({
      action: 'start-executor',
      command: 'servo-tui --worker',
      ready: null,
    });
  });

  test('stuck, and an executor has not reclaimed it: by force; just stale: wait', async () => {
    await anExecutor();
    const id = await aJob(heartbeat('14 minutes'));
    const { recommendation, facts } = await assess(id);
    expect(recommendation).toEqual({
      action: 'reclaim',
      text: 'Force reclaim if needed (emergency): resets the heartbeat.',
      command: `servo-tui reclaim ${id.slice(0, 8)}`,
      ready: {
        action: 'reclaim',
        id,
        state: 'running',
        version: facts.version,
        parameters: {},
        reason: null,
      },
    });
    const { recommendation: soon } = await assess(await aJob(heartbeat('130 seconds')));
    expect(soon).toMatchObject({ action: 'wait', ready: null });
  });

  test('resuming: look at the executors, or start one', async () => {
    const id = await aJob(`state = 'resuming', heartbeat_at = now() - interval '12 minutes'`);
    expect(await assess(id)).toMatchObject({
      scenario: 'resuming',
      recommendation: { action: 'start-executor' },
    });
    await anExecutor();
    const assessed = await assess(id);
    expect(assessed.recommendation).toMatchObject({
      action: 'look',
      command: 'servo-tui executors',
      ready: null,
    });
    // The runbook: pause/resume not working as expected.
    expect(assessed.escalations).toMatchObject([
      { due: true, triggers: [{ reason: '1 resumed but not claimed' }] },
    ]);
  });

  test('a checkpoint that does not match comes before everything: pause', async () => {
    await anExecutor();
    const id = await aJob(`${heartbeat('14 minutes')}, checkpoint_partition_key = 'nowhere'`);
    const assessed = await assess(id);
    expect(assessed.scenario).toBe('checkpoint');
    expect(assessed.recommendation?.ready).toMatchObject({
      action: 'pause',
      reason: 'checkpoint does not match',
    });
    expect(assessed.evidence?.rows).toMatchObject([
      {
        cells: { job_checkpoint: 'nowhere', last_completed_partition: null, pending_partitions: 3 },
      },
    ]);
    expect(assessed.escalations).toMatchObject([{ due: true }]);
  });

  test('a high failure rate: pause, with the pattern as evidence', async () => {
    await anExecutor();
    const id = await aJob(
      `state = 'running', heartbeat_at = now(), started_at = now() - interval '1 minute', total_partitions = 10, completed_partitions = 3, failed_partitions = 3`,
    );
    await operator.sql(
      `update backfill_partitions set state = 'failed', attempt_count = 3, error_message = 'rate limited' where backfill_job_id = $1`,
      [id],
    );
    const assessed = await assess(id);
    expect(assessed.scenario).toBe('failure-rate');
    expect(assessed.evidence?.rows).toHaveLength(3);
    expect(assessed.evidence?.sql).toContain('SELECT partition_key, attempt_count, error_message');
    expect(assessed.recommendation?.ready).toMatchObject({ action: 'pause', id });
  });

  test('a paused job whose deadline had passed was to be given a higher priority', async () => {
    await anExecutor();
    const late = `completed_partitions = 1, avg_partition_duration_ms = 600000, started_at = now() - interval '1 hour'`;
    const paused = `state = 'paused', paused_at = now(), ${late}`;
    for (const deadline of ['- interval', '+ interval']) {
      const id = await aJob(`${paused}, sla_deadline_at = now() ${deadline} '1 minute'`);
      expect((await assess(id)).recommendation, deadline).toMatchObject({
        action: 'resume',
        ready: { action: 'resume', id },
      });
    }
    const id = await aJob(`sla_deadline_at = now() - interval '1 minute'`);
    expect((await assess(id)).recommendation).toMatchObject({ action: 'set-parallel' });
    await operator.sql('update backfill_executors set slots = 0');
    expect((await assess(id)).recommendation).toMatchObject({ action: 'look' });
    await aJob('priority = 5');
    expect((await assess(id)).recommendation).toMatchObject({ action: 'set-priority' });
  });

  test('high risk with nothing in front: was recreated with a priority that it did not need', async () => {
    await anExecutor();
    const id = await aJob(
      `started_at = now(), total_partitions = 1, avg_partition_duration_ms = 12000000, sla_deadline_at = now() + interval '100 minutes'`,
    );
    expect((await assess(id)).recommendation).toMatchObject({
      action: 'set-parallel',
      ready: { action: 'set' },
    });
    await operator.sql('update backfill_executors set slots = 0');
    expect((await assess(id)).recommendation).toMatchObject({
      action: 'start-executor',
      text: 'High risk: scale executor instances (platform team).',
    });
  });

  test('high risk: recreate with the highest priority; medium: what slots are free', async () => {
    await anExecutor();
    // Only a job that ran before has an average, and so an ETA.
    const late = (minutes: number) =>
      `started_at = now(), priority = 1, total_partitions = 1, avg_partition_duration_ms = ${minutes * 60_000}, sla_deadline_at = now() + interval '100 minutes'`;
    await aJob('priority = 5');
    await operator.sql('update backfill_executors set slots = 0');
    const high = await assess(await aJob(late(200)));
    expect(high).toMatchObject({
      scenario: 'at-risk',
      recommendation: {
        action: 'recreate',
        ready: {
          action: 'recreate',
          parameters: { priority: '10' },
          reason: 'SLA at risk - recreating with higher priority',
        },
      },
    });
    expect(high.escalations[0]!.steps.every((step) => step.due)).toBe(true);
    await operator.sql('update backfill_executors set slots = 4');
    const medium = await assess(await aJob(late(130)));
    expect(medium.recommendation).toMatchObject({
      action: 'set-parallel',
      ready: { action: 'set', parameters: { parallel: '5' } },
    });
    expect(medium.recommendation?.command).toMatch(/^servo-tui set [0-9a-f]{8} --parallel 5$/);
    expect((await assess(await aJob(late(101)))).recommendation).toMatchObject({
      action: 'look',
      ready: null,
    });
  });

  test('without a check: by the clause', async () => {
    await anExecutor();
    const paused = await aJob(`state = 'paused', paused_at = now()`);
    expect(await assess(paused)).toMatchObject({
      scenario: null,
      recommendation: { action: 'resume', ready: { action: 'resume', state: 'paused' } },
    });
    const failed = await aJob(`state = 'failed', completed_at = now() - interval '2 days'`);
    expect(await assess(failed)).toMatchObject({
      recommendation: { action: 'retry', command: `servo-tui retry ${failed.slice(0, 8)}` },
    });
  });

  test('another tenant’s job is not there', async () => {
    const id = await aJob('priority = 1');
    expect((await errorOf(assessJob(operator.db, 'globex', id))).code).toBe('not_found');
    expect((await errorOf(verifyJob(operator.db, 'globex', id, ['stuck']))).code).toBe('not_found');
  });
});

describe('the escalation’s clock', () => {
  test('begins with the first journal entry since the trouble began', async () => {
    await anExecutor();
    const id = await aJob(heartbeat('20 minutes'));
    await operator.sql(
      `update backfill_events set at = now() - interval '3 hours' where job_id = $1`,
      [id],
    );
    const clock = async () => {
      const [escalation] = (await assess(id)).escalations;
      return [Math.round(escalation!.minutes), escalation!.next?.who];
    };
    // Without an event: since the heartbeat.
    expect(await clock()).toEqual([20, 'Platform Lead']);
    await operator.sql(
      `insert into backfill_events (tenant_id, job_id, kind, actor, at) values ('acme', $1, 'lost', 'h:1:x', now() - interval '14 minutes'), ('acme', $1, 'lost', 'h:1:x', now() - interval '1 minute')`,
      [id],
    );
    expect(await clock()).toEqual([14, 'Backend Lead']);
    // A reclaim renews the heartbeat, but not the beginning of the problem.
    const reclaimed = await aJob(heartbeat('5 minutes'));
    await operator.sql(
      `insert into backfill_events (tenant_id, job_id, kind, actor, at) values ('acme', $1, 'reclaim requested', 'mara', now() - interval '11 minutes')`,
      [reclaimed],
    );
    const minutes = async () => Math.round((await assess(reclaimed)).escalations[0]!.minutes);
    expect(await minutes()).toBe(11);
    await operator.sql(
      `insert into backfill_events (tenant_id, job_id, kind, from_state, to_state, actor, at) values ('acme', $1, 'reclaimed', 'running', 'running', 'h:1:x', now() - interval '10 minutes')`,
      [reclaimed],
    );
    expect(await minutes()).toBeLessThan(6);
    // The same in the report of all jobs, with the oldest of them.
    await aJob(heartbeat('3 minutes'));
    const { escalations } = await triage(operator.db, 'acme');
    expect(escalations.map((one) => [one.runbook, Math.round(one.minutes)])).toEqual([
      ['backfill-operations', 14],
    ]);
  });
});

describe('verify', () => {
  test('a cancelled job is not stuck any more; a reclaimed one is until it is claimed', async () => {
    await anExecutor();
    const id = await aJob(heartbeat('14 minutes'));
    const findings = (await assess(id)).findings.map(({ check }) => check.name);
    await reclaimJob(operator.db, author, id);
    const before = await verifyJob(operator.db, 'acme', id, findings);
    expect(before).toMatchObject({ helped: false, state: 'running' });
    expect(before.checks).toMatchObject([
      { name: 'stuck', holds: true, row: { job_id: id } },
      { name: 'bulk-reclaim', holds: false, row: null },
    ]);
    await operator.sql('update backfill_jobs set heartbeat_at = now() where id = $1', [id]);
    expect(await verifyJob(operator.db, 'acme', id, findings)).toMatchObject({ helped: true });
    const other = await aJob(heartbeat('14 minutes'));
    await actOnJob(
      operator.db,
      { ...author, reason: 'not needed' },
      { action: 'cancel', id: other },
    );
    expect(await verifyJob(operator.db, 'acme', other, ['stuck'])).toMatchObject({
      helped: true,
      state: 'cancelled',
    });
  });

  test('a pause stops nothing that a checkpoint has wrong', async () => {
    await anExecutor();
    const id = await aJob(`${heartbeat('1 second')}, checkpoint_partition_key = 'nowhere'`);
    await actOnJob(operator.db, { ...author, reason: 'look' }, { action: 'pause', id });
    expect(await verifyJob(operator.db, 'acme', id, ['checkpoint'])).toMatchObject({
      helped: false,
      state: 'paused',
    });
  });
});

test('the text at 80 columns says scenario, evidence, meaning, what to do and whom to notify', async () => {
  const id = await aJob(
    `${heartbeat('14 minutes')}, claimed_by = 'web-2:64:x', completed_partitions = 1`,
  );
  await operator.sql(`update backfill_events set at = at - interval '1 hour' where job_id = $1`, [
    id,
  ]);
  const text = explainText(await assess(id), { width: 80, zone: 'utc' });
  const lines = text.trimEnd().split('\n');
  expect(lines[0]).toBe(
    `orders ${id.slice(0, 8)} (running): no executor is running for this tenant — start one: servo-tui --worker`,
  );
  expect(text).toContain('scenario     Stuck: heartbeat stale > 2m\n');
  expect(text).toContain('evidence     progress 1/3 · heartbeat 14m · claimed by web-2:64:x\n');
  expect(text).toContain('do           If no executor is alive, start one');
  expect(text).toMatch(/\n {13}servo-tui --worker\n/);
  expect(text).toContain('escalation   escalate in 1m: Backend Lead\n');
  for (const line of lines.slice(1)) expect(line.length, line).toBeLessThanOrEqual(80);
});
