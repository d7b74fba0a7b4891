import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEffects } from '../../source/operations/forecast/read-effects.ts';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { Operator } from '../support/operator.ts';

let operator: Operator;
let variables: Record<string, string>;
let first: string;
let second: string;
let ended: string;

beforeAll(async () => {
  operator = await Operator.open();
  for (const asset of ['orders', 'clicks']) await operator.asset(asset);
  const keys = (name: string) => Array.from({ length: 20 }, (_, index) => `${name}${index}`);
  const timed = { avg_partition_duration_ms: 60_000 };
  // An executor that is always alive, with one slot.
  await operator.sql(
    `insert into backfill_executors (tenant_id, id, host, pid, version, slots, handlers, seen_at)
     values ('acme', 'one', 'h', 1, '1', 1, '{orders,clicks}', now() + interval '1 day')`,
  );
  first = await operator.job(
    { asset: 'orders', partitions: keys('a') },
    { ...timed, priority: 5, sla_deadline_at: new Date(Date.now() + 25 * 60_000) },
  );
  await operator.sql(
    `update backfill_jobs set state = 'running', started_at = now(), heartbeat_at = now() where id = $1`,
    [first],
  );
  await operator.sql('update backfill_jobs set claimed_version = version where id = $1', [first]);
  second = await operator.job({ asset: 'clicks', partitions: keys('b') }, timed);
  ended = await operator.job({ asset: 'clicks', partitions: keys('c') }, timed);
  await operator.sql(
    `update backfill_partitions set state = 'failed', available_at = 'infinity', completed_at = now()
     where backfill_job_id = $1 and partition_key < 'c11'`,
    [ended],
  );
  await operator.sql(
    `update backfill_partitions set state = 'completed', completed_at = now() where backfill_job_id = $1 and state = 'pending'`,
    [ended],
  );
  await operator.sql(
    `update backfill_jobs set state = 'failed', completed_at = now(), failed_partitions = 3, completed_partitions = 17 where id = $1`,
    [ended],
  );
  variables = {
    DATABASE_URL: urlOf(operator.database.app),
    TENANT_ID: 'acme',
    SERVO_ACTOR: 'mara',
  };
});
afterAll(() => operator.close());

const servo = (line: string) => run(line.split(' '), variables);
const written = () =>
  operator.sql('select id, state, version, priority, xmin from backfill_jobs order by id');

describe('--dry-run', () => {
  test('says what an action changes for the job and for others, and writes nothing', async () => {
    const before = await written();
    const rows: [line: string, ...texts: RegExp[]][] = [
      [
        `pause ${first} --dry-run`,
        /^would pause 1 job; nothing has been written\n {2}done \d\d:\d\d → unknown: paused\n/,
        /\n {2}clicks 20m earlier, no deadline\n$/,
      ],
      [
        `set ${second} --priority 9 --dry-run`,
        /^would set clicks [0-9a-f]{8}: priority 0 → 9; nothing has been written\n/,
        /\n {2}done .* → .* \(20m earlier\)\n/,
        /\n {2}orders \+20m: late by 15m\n$/,
      ],
      [
        `set ${first} --parallel 4 --dry-run`,
        /\n {2}no effect on when it is done: 0\/1 slot busy, \d+m before its deadline\n$/,
      ],
      [`cancel ${first} --dry-run`, /^would cancel 1 job; .*\n {2}clicks 20m earlier/],
      [
        `recreate ${second} --priority 10 --reason why --dry-run`,
        /would start clicks: 20 partitions/,
        /\n {2}done .* → .* \(20m earlier\)\n {2}orders \+20m: late by 15m\n$/,
      ],
    ];
    for (const [line, ...texts] of rows) {
      const { code, stdout, stderr } = await servo(line);
      expect([line, code, stderr]).toEqual([line, 0, '']);
      for (const text of texts) expect(stdout, line).toMatch(text);
    }
    expect(await written()).toEqual(before);
  });

  test('as JSON, with the jobs that would refuse', async () => {
    const paused = documentOf('pause', (await servo(`pause ${first} --dry-run --json`)).stdout);
    expect(paused).toMatchObject({
      dry_run: true,
      results: [],
      forecast: {
        slots: { busy: 0, total: 1 },
        jobs: [{ job_id: first, after: { finish_at: null, unknown: 'paused' } }],
        others: [{ job_id: second, before: { place: 1 }, after: { place: null } }],
        more: { lose: 0, gain: 0 },
      },
    });
    const resumed = await servo(`resume ${first} ${second} --dry-run --json`);
    const results = documentOf('resume', resumed.stdout).results;
    expect(results).toMatchObject([{ result: 'skipped' }, { result: 'skipped' }]);
    expect(resumed.code).toBe(7);
    const refused = await servo(`resume ${first} --dry-run --json`);
    expect(refused.code).toBe(4);
    expect(errorDocument(refused).message).toContain('only paused jobs can be resumed');
    const set = documentOf(
      'set',
      (await servo(`set ${first} --priority 6 --dry-run --json`)).stdout,
    );
    expect(set).toMatchObject({ dry_run: true, forecast: { others: [] }, job: { priority: 5 } });
    const again = await servo(`recreate ${first} --reason r --dry-run --json`);
    expect(documentOf('recreate', again.stdout).forecast.jobs).toHaveLength(1);
    const wrong = await servo(`set ${ended} --priority 6 --dry-run --json`);
    expect(errorDocument(wrong).code).toBe('not_allowed');
  });

  test('is allowed in read-only mode', async () => {
    for (const line of ['pause', 'cancel', 'reclaim', 'set --priority 2']) {
      const [verb, ...flags] = line.split(' ');
      const { code } = await servo(
        `${verb} ${first} ${flags.join(' ')} --dry-run --read-only`.replace(/ +/g, ' '),
      );
      expect([line, code]).toEqual([line, 0]);
    }
  });

  test('a retry of an ended job is a new one in the queue', async () => {
    const effects = await readEffects(operator.db, 'acme', [
      { id: ended, action: 'retry' },
      { id: first, action: 'resume' },
      { id: '00000000-0000-4000-8000-000000000000', action: 'pause' },
    ]);
    expect(effects.jobs).toMatchObject([
      { job_id: ended, before: null, after: { place: 2, unknown: null } },
    ]);
    const { finish_at, start_at } = effects.jobs[0]!.after!;
    expect((Number(finish_at) - Number(start_at)) / 60_000).toBeCloseTo(3, 1);
  });
});
