import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProgressLog } from '../../source/executor/jobs/progress-log.ts';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;

beforeAll(async () => {
  backfills = await Backfills.open();
});
afterAll(() => backfills.close());

test('a worker’s log is one JSON object a line, with what the runbook’s queries ask for', async () => {
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

test('progress is told once in 10 s for each job, and not where nothing has moved', () => {
  const { lines, progress, clock } = progressLog();
  const tell = (id: string, completed_partitions: number, failed_partitions = 0) =>
    progress.tell(
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

test('A16: a job whose work is dropped and taken up again is told no more often', () => {
  const { lines, progress, clock } = progressLog();
  const tell = (id: string, failed_partitions: number) =>
    progress.tell(
      { id, asset_name: 'orders' },
      { total_partitions: 50, completed_partitions: 7, failed_partitions },
    );
  // As under failures: each takes the job's work away, 7 times a second.
  for (let failed = 0; failed <= 140; failed++) {
    clock.now = failed * 150;
    tell('one', failed);
    progress.drop('one');
  }
  expect(lines.map(({ at }) => Math.floor(at / 1000))).toEqual([0, 10, 20]);
  // Taken up again after a while, it is told where it stands, though nothing has moved.
  clock.now = 40_000;
  tell('one', 140);
  expect(lines).toHaveLength(4);
});
