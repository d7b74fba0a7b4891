import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outcome } from '../../source/domain/partition/attempt.ts';
import { ProgressLog } from '../../source/executor/jobs/progress-log.ts';
import { Backfills, functionHandler, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterAll(() => backfills.close());

test('an executor’s log is one JSON object per line, with the fields of the runbook’s queries', async () => {
  const job = await backfills.job({
    keys: keys(3),
    strategy: { type: 'sequential', max_attempts: 1 },
  });
  const directory = handlerDirectory({
    orders:
      '#!/bin/sh\nsleep 0.2\ntest "$SERVO_PARTITION_KEY" != k00002 && exit\nprintf "un\\302\\233sa\\342\\200\\256fe" >&2\nexit 1\n',
  });
  const worker = await new Worker(
    backfills.database.app,
    tenant,
    ['--handlers', directory, '--slots', '1'],
    { SERVO_SPEED: '20' },
  ).started();
  await backfills.state(job, 'failed');
  await waitFor('the end of the job to be logged', () => /job failed/.test(worker.log));
  await worker.kill('SIGTERM');
  const lines = worker.log.trim().split('\n');
  const events = worker.events;
  expect(events).toHaveLength(lines.length);
  for (const event of events) {
    expect(Object.keys(event).slice(0, 2)).toEqual(['level', 'timestamp']);
    expect(event.level).toMatch(/^(info|warn|error)$/);
    expect(event.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(event.message).toEqual(expect.any(String));
    expect(event.executor_id).toMatch(/^.+:\d+:[0-9a-f]{8}$/);
  }
  // jsonPayload.job_id="<job_id>"
  const ofJob = events.filter(({ job_id }) => job_id === job);
  expect(ofJob.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['claimed', expect.stringMatching(/^partition failed: /), 'job failed']),
  );
  expect(ofJob.find(({ message }) => /^partition failed/.test(String(message)))).toMatchObject({
    partition_key: 'k00002',
    attempt: 1,
    asset: 'orders',
    level: 'warn',
  });
  // C11: what a terminal would act upon is written as an escape, and kept.
  expect(worker.log).not.toMatch(/[\u0080-\u009f\u200b-\u200f\u202a-\u202e]/);
  expect(ofJob.map(({ message }) => message).join()).toContain('un\u009bsa\u202efe');
  // jsonPayload.message:~"progress"
  const progress = ofJob.filter(({ message }) => /progress/.test(String(message)));
  expect(progress[0]).toMatchObject({
    message: expect.stringMatching(/^progress: \d of 3 partitions/),
    total_partitions: 3,
  });
  expect(progress.length).toBeGreaterThan(0);
});

function progressLog() {
  const lines: { job_id: string; message: string; at: number }[] = [];
  const clock = { now: 0 };
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push({ ...JSON.parse(chunk), at: clock.now });
      done();
    },
  });
  const log = pino({ messageKey: 'message' }, stream);
  return { lines, clock, progress: new ProgressLog(log, () => clock.now) };
}

test('progress is logged at most every 10 s for each job, and only if it has changed', () => {
  const { lines, progress, clock } = progressLog();
  const tell = (id: string, completed_partitions: number, failed_partitions = 0) =>
    progress.update(
      { id, asset_name: 'orders' },
      { total_partitions: 50, completed_partitions, failed_partitions },
    );
  for (let done = 0; done <= 40; done++) {
    clock.now = done * 1000;
    tell('one', done);
    tell('other', 7, 1);
  }
  const ofJob = (id: string) => lines.filter(({ job_id }) => job_id === id);
  expect(ofJob('one').map(({ at }) => at / 1000)).toEqual([0, 10, 20, 30, 40]);
  expect(ofJob('other').map(({ message }) => message)).toEqual([
    'progress: 7 of 50 partitions, 1 failed',
  ]);
});

describe('A16: progress is one line in 10 s for each job, however often its work is dropped', () => {
  test('at whatever times jobs are logged, dropped and continued', () => {
    const act = fc.record({
      job: fc.constantFrom('one', 'other'),
      after: fc.constantFrom(0, 1, 150, 2_000, 9_999, 10_000, 25_000),
      finished: fc.nat(2),
      drop: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const { lines, progress, clock } = progressLog();
        const done: Record<string, number> = { one: 0, other: 0 };
        /** When each was last logged, and its progress; -1 once it was dropped. */
        const told: Record<string, { at: number; done: number }> = {};
        for (const { job, after, finished, drop } of acts) {
          clock.now += after;
          done[job]! += finished;
          const before = lines.length;
          progress.update(
            { id: job, asset_name: 'orders' },
            { total_partitions: 999, completed_partitions: done[job]!, failed_partitions: 0 },
          );
          const last = told[job];
          const due =
            last === undefined || (clock.now - last.at >= 10_000 && last.done !== done[job]);
          expect(lines.length - before).toBe(due ? 1 : 0);
          if (due) told[job] = { at: clock.now, done: done[job]! };
          if (drop) {
            progress.drop(job);
            told[job]!.done = -1;
          }
        }
      }),
    );
  });

  test('for every way in which an executor stops running a job', async () => {
    const lines: { job_id: string; message: string; timestamp: string }[] = [];
    const met: Record<string, number> = {};
    /** How each keeps its job from going on for a moment. */
    const outcomes: Record<string, Outcome> = {
      failed: { kind: 'failed', message: 'no' },
      permanent: { kind: 'failed', message: 'no', permanent: true },
      crashed: { kind: 'crashed', message: 'no' },
      fatal: { kind: 'fatal', message: 'no' },
      later: { kind: 'snoozed', message: 'no', delay_ms: 20 },
      endpoint: { kind: 'unavailable', message: 'no', of: 'endpoint' },
    };
    // Every second attempt changes the job's progress.
    const handlers = Object.entries(outcomes).map(([asset, outcome]) =>
      functionHandler(asset, () => {
        met[asset] = (met[asset] ?? 0) + 1;
        return met[asset]! % 2 === 0 ? undefined : outcome;
      }),
    );
    const paused = functionHandler('paused', async () => {
      met.paused = (met.paused ?? 0) + 1;
      await sleep(20);
      return undefined;
    });
    const strategy = { type: 'sequential', max_attempts: 99 };
    const jobs = new Map<string, string>();
    for (const asset of [...Object.keys(outcomes), 'paused'])
      jobs.set(asset, await backfills.job({ asset, keys: keys(200), strategy }));
    const moment = { base_ms: 30, cap_ms: 30 };
    const executor = await backfills.execute([...handlers, paused], {
      speed: 1,
      slots: 20,
      pause_at: null,
      failures: null,
      timings: { back_off: moment, permanent_back_off: moment, outage_back_off: moment },
      log: pino(
        { messageKey: 'message', timestamp: () => `,"timestamp":"${new Date().toISOString()}"` },
        { write: (line: string) => void lines.push(JSON.parse(line)) },
      ),
    });
    const job = jobs.get('paused')!;
    for (let pauses = 1; pauses <= 8; pauses++) {
      await waitFor('it to go on', () => (met.paused ?? 0) >= 2 * pauses);
      await backfills.rows(`update backfill_jobs set state = 'paused' where id = $1`, [job]);
      await waitFor('it to be left', () =>
        backfills.row(`select from backfill_jobs where id = $1 and cardinality(lease_tokens) = 0`, [
          job,
        ]),
      );
      await backfills.rows(`update backfill_jobs set state = 'resuming' where id = $1`, [job]);
    }
    await waitFor(
      'each to be met often',
      () => Object.keys(outcomes).every((asset) => (met[asset] ?? 0) >= 16),
      { seen: () => met },
    );
    const toldOf = (id: string) =>
      lines.some(({ job_id, message }) => job_id === id && message.startsWith('progress: '));
    await waitFor('each to have a line', () => [...jobs.values()].every(toldOf));
    await executor.drain();
    for (const [asset, id] of jobs) {
      const times = lines
        .filter(({ job_id, message }) => job_id === id && message.startsWith('progress: '))
        .map(({ timestamp }) => Date.parse(timestamp));
      const close = times.filter((at, i) => i > 0 && at - times[i - 1]! < 9_900);
      expect([asset, close.length, times.length > 0]).toEqual([asset, 0, true]);
    }
  });
});
