import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Operator } from '../support/operator.ts';
import { type Block, blocksOf, filled, isCloud, isRun, runbooks } from './blocks.ts';
import { type Output, type Result, rowsIn, Shell, until } from './shell.ts';

let operator: Operator;
let shell: Shell;
beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'clicks', 'sessions']) await operator.asset(asset, 'day');
  await operator.asset('orders', 'day', 'globex');
  shell = new Shell(operator, 'acme');
});
afterAll(() => operator.close());
beforeEach(() => operator.sql('delete from backfill_jobs'));

const day = (number: number) => `2024-01-${String(number).padStart(2, '0')}`;

/** A job of ten days, in the state that `columns` (SQL) bring it to. */
async function job(asset: string, columns = `priority = priority`): Promise<string> {
  const id = await operator.job({ asset, start: day(1), end: day(10) });
  await operator.sql(`update backfill_jobs set ${columns} where id = $1`, [id]);
  // An old heartbeat that somebody writes is an order to reclaim: here it is how the job has been all along.
  await operator.sql('update backfill_jobs set leases_revoked_at = null where id = $1', [id]);
  return id;
}

/** Its first days, brought to a state. */
const partitions = (id: string, count: number, columns: string, from = 1) =>
  operator.sql(
    `update backfill_partitions set ${columns} where backfill_job_id = $1 and partition_key between $2 and $3`,
    [id, day(from), day(from + count - 1)],
  );

const running = (heartbeat: string, more = '') =>
  `state = 'running', started_at = now() - interval '1 hour', heartbeat_at = now() - interval '${heartbeat}'${more}`;

type Row = Record<string, unknown>;
const row = async (id: string): Promise<Row> =>
  (await operator.sql<Row>('select * from backfill_jobs where id = $1', [id]))[0]!;

/** What a block is to do: with what it is filled in, and what must then be so. */
type Case = {
  prepare: () => Promise<Record<string, string>>;
  meanwhile?: (values: Record<string, string>, said: () => string) => Promise<void>;
  commands?: (output: Output, values: Record<string, string>) => Promise<void> | void;
  statements?: (results: Result[], values: Record<string, string>) => Promise<void> | void;
};

/** Ends the job once `--watch` has told of it. */
const endsWhenWatched =
  (what: RegExp): Case['meanwhile'] =>
  async ({ job_id }, said) => {
    await until(said, what);
    await operator.sql(
      `update backfill_jobs set state = 'completed', completed_partitions = total_partitions, completed_at = now(), version = version + 1 where id = $1`,
      [job_id],
    );
  };

const half = `, completed_partitions = 5, checkpoint_partition_key = '2024-01-05', avg_partition_duration_ms = 1500`;

async function pausedJob(): Promise<string> {
  const id = await job('orders', running('5 seconds', half));
  await operator.sql(`update backfill_jobs set state = 'paused', paused_at = now() where id = $1`, [
    id,
  ]);
  return id;
}

async function failing(): Promise<Record<string, string>> {
  const job_id = await job('orders', running('5 seconds', ', failed_partitions = 2'));
  await partitions(
    job_id,
    2,
    `state = 'failed', attempt_count = 3, error_message = 'connection refused ' || partition_key, completed_at = now()`,
  );
  await partitions(job_id, 1, `state = 'completed', attempt_count = 1`, 3);
  const other = await job('clicks', running('5 seconds'));
  await partitions(
    other,
    1,
    `state = 'failed', attempt_count = 3, error_message = 'of another job'`,
  );
  return { job_id };
}

/** Every block that is run, by its runbook, its heading and its number there. */
const cases: Readonly<Record<string, Case>> = {
  'backfill-operations · 1. Pause a Running Backfill Job · 1': {
    prepare: async () => ({ job_id: await job('orders', running('5 seconds', half)) }),
    commands: async ({ stdout }, { job_id }) => {
      expect(await row(job_id!)).toMatchObject({
        state: 'paused',
        paused_at: expect.any(Date),
        checkpoint_partition_key: '2024-01-05',
        avg_partition_duration_ms: '1500',
      });
      expect(stdout).toMatch(/paused orders/);
      expect(stdout.split('\n').slice(1).join('\n')).toMatch(/paused/);
    },
  },
  'backfill-operations · 1. Pause a Running Backfill Job · 2': {
    prepare: async () => ({
      job_id: await job('orders', running('5 seconds', half)),
      tenant_id: 'acme',
    }),
    statements: async ([update], { job_id }) => {
      expect(update).toMatchObject({ command: 'UPDATE', rowCount: 1 });
      expect(await row(job_id!)).toMatchObject({ state: 'paused', paused_at: expect.any(Date) });
      const events = await operator.sql(
        `select from_state, to_state from backfill_events where job_id = $1 and to_state = 'paused'`,
        [job_id],
      );
      expect(events).toEqual([{ from_state: 'running', to_state: 'paused' }]);
    },
  },
  'backfill-operations · 2. Resume a Paused Backfill Job · 1': {
    prepare: async () => ({ job_id: await pausedJob() }),
    commands: async ({ stdout }, { job_id }) => {
      expect(await row(job_id!)).toMatchObject({
        state: 'resuming',
        checkpoint_partition_key: '2024-01-05',
        avg_partition_duration_ms: '1500',
      });
      expect(stdout).toMatch(/resuming orders/);
    },
  },
  'backfill-operations · 2. Resume a Paused Backfill Job · 2': {
    prepare: async () => ({ job_id: await job('orders', running('5 seconds', half)) }),
    meanwhile: endsWhenWatched(/running/),
    commands: (output) => {
      expect(output.stdout).toMatch(/completed/);
      expect(rowsIn(output)).toEqual([
        {
          state: 'completed',
          checkpoint_partition_key: '2024-01-05',
          completed_partitions: 10,
          total_partitions: 10,
          estimated_completion_at: null,
        },
      ]);
    },
  },
  'backfill-operations · 3. Cancel a Backfill Job · 1': {
    prepare: async () => ({ job_id: await job('orders') }),
    commands: async ({ stdout }, { job_id }) => {
      expect(await row(job_id!)).toMatchObject({
        state: 'cancelled',
        error_message: 'maintenance window',
        skipped_partitions: 10,
      });
      expect(stdout).toMatch(/cancelled/);
    },
  },
  'backfill-operations · 4. Monitor Backfill Progress · 1': {
    prepare: async () => {
      await job('clicks');
      return { job_id: await job('orders', running('5 seconds', half)) };
    },
    meanwhile: endsWhenWatched(/50%[\s\S]*50%[\s\S]*50%/),
    commands: ({ stdout }) => {
      expect(stdout).toMatch(/orders/);
      expect(stdout.split('orders')[0]).not.toMatch(/clicks/);
      expect(stdout).toMatch(/completed/);
    },
  },
  'backfill-operations · 1. Identify Stuck Jobs · 1': {
    prepare: async () => {
      await job('clicks', running('100 seconds'));
      return { job_id: await job('orders', running('14 minutes', half)) };
    },
    commands: (output, { job_id }) => {
      expect(rowsIn(output)).toMatchObject([
        { id: job_id, asset_name: 'orders', state: 'running', progress: '5/10' },
      ]);
      expect(Number(rowsIn(output)[0]!.heartbeat_age_secs)).toBeGreaterThanOrEqual(840);
    },
  },
  'backfill-operations · 2. Check Job ETA Progress · 1': {
    prepare: async () => {
      await job('clicks');
      await job(
        'sessions',
        running('5 seconds', `, estimated_completion_at = now() + interval '2 hours'`),
      );
      return {
        job_id: await job(
          'orders',
          running('5 seconds', `${half}, estimated_completion_at = now() + interval '1 hour'`),
        ),
      };
    },
    commands: (output, { job_id }) => {
      const rows = rowsIn(output);
      expect(rows.map(({ asset_name }) => asset_name)).toEqual(['orders', 'sessions']);
      expect(rows[0]).toMatchObject({ id: job_id, avg_partition_duration_ms: '1500' });
    },
  },
  'backfill-operations · 3. Check for Failed Partitions · 1': {
    prepare: failing,
    commands: (output) =>
      expect(rowsIn(output)).toMatchObject([
        { partition_key: day(1), attempt_count: 3, error_message: `connection refused ${day(1)}` },
        { partition_key: day(2), attempt_count: 3, error_message: `connection refused ${day(2)}` },
      ]),
  },
  'backfill-operations · 5. Verify Checkpoint Integrity · 1': {
    prepare: async () => {
      const job_id = await job('orders', running('5 seconds', half));
      await partitions(job_id, 5, `state = 'completed', attempt_count = 1`);
      return { job_id };
    },
    commands: (output) =>
      expect(rowsIn(output)).toEqual([
        {
          job_checkpoint: day(5),
          last_completed_partition: day(5),
          pending_partitions: '5',
          completed_partitions: '5',
        },
      ]),
  },
  'backfill-operations · Scenario: Job Stuck with Stale Heartbeat · 2': {
    prepare: async () => {
      await job('clicks', running('14 minutes'));
      return { job_id: await job('orders', running('14 minutes')) };
    },
    statements: async ([update], { job_id }) => {
      expect(update).toMatchObject({ command: 'UPDATE', rowCount: 1 });
      // An order to reclaim: leases older than this are taken back.
      expect(await row(job_id!)).toMatchObject({ leases_revoked_at: expect.any(Date) });
      const others = await operator.sql(
        `select from backfill_jobs where id <> $1 and leases_revoked_at is not null`,
        [job_id],
      );
      expect(others).toEqual([]);
    },
  },
  'backfill-operations · Scenario: Job Stuck in "Resuming" State · 2': {
    prepare: async () => {
      await job('clicks', `state = 'resuming', heartbeat_at = now()`);
      await job('sessions', `state = 'resuming', heartbeat_at = now() - interval '121 seconds'`);
      return { job_id: await job('orders') };
    },
    statements: ([select], { job_id }) => {
      const states = select!.rows.map(({ state }) => state).toSorted();
      expect(states).toEqual(['pending', 'resuming']);
      expect(select!.rows).toContainEqual({ id: job_id, state: 'pending', heartbeat_at: null });
    },
  },
  'backfill-operations · Scenario: High Partition Failure Rate · 1': {
    prepare: failing,
    statements: ([select]) =>
      expect(select!.rows).toEqual([
        { partition_key: day(1), attempt_count: 3, error_message: `connection refused ${day(1)}` },
        { partition_key: day(2), attempt_count: 3, error_message: `connection refused ${day(2)}` },
      ]),
  },
  "backfill-operations · Scenario: Job Paused But Won't Resume · 1": {
    prepare: async () => ({ job_id: await pausedJob() }),
    statements: ([select], { job_id }) =>
      expect(select!.rows).toEqual([
        {
          id: job_id,
          state: 'paused',
          paused_at: expect.any(String),
          checkpoint_partition_key: day(5),
          error_message: null,
        },
      ]),
  },
  "backfill-operations · Scenario: Job Paused But Won't Resume · 2": {
    prepare: async () => ({ job_id: await pausedJob() }),
    // Made as version 1, run and paused: each moved it on by one.
    statements: ([select]) => expect(select!.rows).toEqual([{ version: 3 }]),
  },
  'backfill-operations · Scenario: ETA Not Updating · 1': {
    prepare: async () => ({ job_id: await job('orders', running('5 seconds', half)) }),
    statements: ([select]) =>
      expect(select!.rows).toEqual([
        { completed_partitions: 5, avg_partition_duration_ms: '1500' },
      ]),
  },
  'backfill-operations · Bulk Recovery · 1': {
    prepare: async () => {
      await job('clicks', running('9 minutes'));
      return {
        stuck: await job('orders', running('14 minutes')),
        resuming: await job(
          'sessions',
          `state = 'resuming', heartbeat_at = now() - interval '11 minutes'`,
        ),
      };
    },
    statements: async ([reset, cancel], { stuck, resuming }) => {
      expect(reset).toMatchObject({ rowCount: 1, rows: [{ id: stuck, asset_name: 'orders' }] });
      expect(cancel).toMatchObject({
        rowCount: 1,
        rows: [{ id: resuming, asset_name: 'sessions' }],
      });
      expect(await row(stuck!)).toMatchObject({
        state: 'running',
        leases_revoked_at: expect.any(Date),
      });
      expect(await row(resuming!)).toMatchObject({
        state: 'cancelled',
        error_message: 'Bulk cancelled: stuck in resuming state',
      });
    },
  },
  'backfill-sla-at-risk · 1. Identify At-Risk Jobs · 1': {
    prepare: async () => ({
      job_id: await job(
        'orders',
        running('5 seconds', `${half}, sla_deadline_at = now() + interval '5 seconds'`),
      ),
    }),
    commands: ({ stdout }) => {
      expect(stdout).toMatch(/orders/);
      // 5 partitions of 1.5 s, one at a time, are due in 7.5 s, or the deadline has passed meanwhile.
      expect(stdout).toMatch(/over|breached|BREACHED/i);
    },
  },
  'backfill-sla-at-risk · 3. Identify Bottlenecks · 1': {
    prepare: async () => ({ job_id: (await failing()).job_id! }),
    commands: ({ stdout }) => expect(stdout).toMatch(/failed/),
  },
  'backfill-sla-at-risk · Option 2: Pause Non-Critical Jobs · 1': {
    prepare: async () => {
      await job('orders', running('5 seconds', `, priority = 9`));
      return { lower_priority_job_id: await job('clicks', running('5 seconds')) };
    },
    commands: async ({ stdout }, { lower_priority_job_id }) => {
      expect(stdout).toMatch(/orders[\s\S]*clicks/);
      expect(await row(lower_priority_job_id!)).toMatchObject({ state: 'paused' });
      const others = await operator.sql(`select state from backfill_jobs where id <> $1`, [
        lower_priority_job_id,
      ]);
      expect(others).toEqual([{ state: 'running' }]);
    },
  },
  'backfill-sla-at-risk · Option 3: Extend Deadline (If Acceptable) · 1': {
    prepare: async () => ({ job_id: await job('orders', running('5 seconds')) }),
    commands: async (_, { job_id, deadline }) =>
      expect((await row(job_id!)).sla_deadline_at).toEqual(new Date(deadline!)),
  },
  'backfill-sla-at-risk · Option 1: Recreate with Higher Priority · 1': {
    prepare: async () => ({ job_id: await job('orders'), asset: 'orders', key: day(1) }),
    commands: async (_, { job_id, deadline }) => {
      expect(await row(job_id!)).toMatchObject({
        state: 'cancelled',
        error_message: 'SLA at risk - recreating with higher priority',
      });
      const made = await operator.sql(
        `select state, priority, total_partitions, sla_deadline_at from backfill_jobs where id <> $1`,
        [job_id],
      );
      expect(made).toEqual([
        {
          state: 'pending',
          priority: 10,
          total_partitions: 1,
          sla_deadline_at: new Date(deadline!),
        },
      ]);
    },
  },
};

const nameOf = ({ runbook, heading, number }: Block) => `${runbook} · ${heading} · ${number}`;
const all = runbooks.flatMap(blocksOf);
const run = all.filter((block) => isRun(block) && !isCloud(block));

test('nothing that the runbooks print is left out but what asks the cloud', () => {
  expect(run.map(nameOf).toSorted()).toEqual(Object.keys(cases).toSorted());
  expect(all.filter(isCloud).map(nameOf)).toEqual([
    'backfill-operations · 4. Check Executor Logs · 1',
    'backfill-operations · Scenario: Job Stuck with Stale Heartbeat · 1',
    'backfill-operations · Scenario: Job Stuck in "Resuming" State · 1',
    'backfill-operations · Scenario: ETA Not Updating · 2',
  ]);
});

/** A command that a comment only announces is there, and is run too. */
function withFuture(text: string): string {
  return text.replace(/^# Future: (servo .*)$/gm, '$1');
}

describe('as printed', () => {
  test.each(run.map((block) => [nameOf(block), block] as const))('%s', async (name, block) => {
    const { prepare, meanwhile, commands, statements } = cases[name]!;
    const deadline = new Date(Math.ceil(Date.now() / 1000) * 1000 + 86_400_000).toISOString();
    const values = { deadline, ...(await prepare()) };
    const text = filled(withFuture(block.text), values);
    expect(text).not.toMatch(/<\w+>/);
    if (block.language === 'sql') {
      await statements!(await shell.sql(text), values);
      return;
    }
    const output = await shell.run(text, meanwhile && ((said) => meanwhile(values, said)));
    expect(output.stderr).toBe('');
    expect(output.code).toBe(0);
    await commands!(output, values);
  });
});
