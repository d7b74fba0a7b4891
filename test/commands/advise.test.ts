import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backfills, functionHandler, keys } from '../support/backfill.ts';
import { documentOf, errorDocument, run, urlOf } from '../support/cli.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;
let variables: Record<string, string>;

beforeAll(async () => {
  backfills = await Backfills.open();
  variables = { DATABASE_URL: urlOf(backfills.database.app), TENANT_ID: 'acme' };
});
afterAll(() => backfills.close());

const servo = (...line: string[]) => run(line, variables);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

type Advised = {
  verdict: string;
  late_by_seconds: number;
  remedies: {
    steps: { kind: string; from: number; to: number }[];
    plans: unknown[];
    brings_in: boolean;
    finish_at: string;
  }[];
};

describe('the incident of the forecast page, with real executors', () => {
  it('priority 10 in one slot, all 8 busy with priority 3: the what-if and the advice tell the cure, and it holds', async () => {
    await backfills.execute(
      [
        functionHandler('urgent', async () => void (await sleep(400))),
        functionHandler('backlog', async () => void (await sleep(600))),
        functionHandler('slow', async () => void (await sleep(1_000))),
      ],
      { slots: 8, speed: 1, timings: { look_ahead: 0 } },
    );
    const busy = await backfills.job({
      asset: 'backlog',
      keys: keys(400),
      strategy: { type: 'parallel', max_parallel: 8 },
      columns: { priority: 3 },
    });
    // 50 s of work in one slot, and 22 s for it.
    const urgent = await backfills.job({
      asset: 'urgent',
      keys: keys(125),
      columns: { priority: 10, sla_deadline_at: inSeconds(22) },
    });
    await waitFor('eight slots busy and a few attempts timed', async () => {
      const [row] = await backfills.rows<{ busy: number; timed: number }>(
        `select sum(cardinality(lease_tokens))::int as busy, min(coalesce(timed_attempts, 0)) as timed
         from backfill_jobs where id = any ($1)`,
        [[busy, urgent]],
      );
      return row!.busy === 8 && row!.timed >= 5;
    });
    const now = documentOf(
      'risk',
      (await servo('risk', urgent, '--parallel', '4', '--json')).stdout,
    );
    expect(now).toMatchObject({
      jobs: [
        { id: urgent, risk_level: 'high', what_if: { risk_level: 'on_track', victim: false } },
      ],
    });
    expect(now.victims).toEqual((now.victims as { id: string }[]).filter(({ id }) => id === busy));
    const advised = documentOf('advise', (await servo('advise', urgent, '--json')).stdout);
    const advice = advised as unknown as Advised;
    expect([advice.verdict, advice.remedies[0]!.brings_in]).toEqual(['late', true]);
    expect(advice.late_by_seconds).toBeGreaterThan(10);
    const [best] = advice.remedies;
    expect(best!.steps).toMatchObject([{ kind: 'parallel', from: 1 }]);

    const text = (await servo('advise', urgent, '--utc')).stdout;
    expect(text).toMatch(
      /^urgent [0-9a-f]{8}: late by \S+: its own max parallel, done .*\n1\. parallel 1 → \d: done .* before its deadline/,
    );
    expect(text).toMatch(/\n {3}servo-tui set [0-9a-f]{8} --parallel \d\n/);
    expect(text).toContain('runbook: For High Risk Jobs');

    expect((await servo('explain', urgent)).stdout).toMatch(
      /\nremedy +parallel 1 → \d: done .*\n +servo-tui set [0-9a-f]{8} --parallel \d\nevidence /,
    );

    // The plan of the JSON is one that `apply` takes, and it is the same as --apply.
    const directory = await mkdtemp(join(tmpdir(), 'advise-'));
    const file = join(directory, 'plan.json');
    await writeFile(file, JSON.stringify(best!.plans[0]));
    const refused = await servo('advise', urgent, '--apply');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--yes')]);
    const applied = await servo('apply', file, '--yes', '--json');
    await rm(directory, { recursive: true });
    expect(documentOf('apply', applied.stdout)).toMatchObject({
      results: [{ id: urgent, result: 'applied' }],
    });
    const done = await backfills.state(urgent, 'completed');
    const { sla_deadline_at: deadline, completed_at: ended } = done as unknown as Record<
      string,
      Date
    >;
    expect(ended!.getTime()).toBeLessThanOrEqual(deadline!.getTime());
    expect(
      (
        await backfills.row<{ state: string }>('select state from backfill_jobs where id = $1', [
          busy,
        ])
      ).state,
    ).toBe('running');

    const ended_job = await servo('advise', urgent, '--json');
    expect(ended_job.code).toBe(4);
    expect(errorDocument(ended_job).message).toContain('has ended (completed)');
    await servo('cancel', busy, '--reason', 'the test is over', '--yes');
  }, 120_000);

  it('a paused job is resumed by --apply, and what no action on a job can do is named', async () => {
    const paused = await backfills.job({
      asset: 'slow',
      keys: keys(3),
      columns: {
        state: 'paused',
        paused_at: new Date(),
        sla_deadline_at: inSeconds(600),
        avg_partition_duration_ms: 1000,
      },
    });
    const first = await servo('advise', paused, '--apply', '--yes', '--json');
    expect(documentOf('advise', first.stdout)).toMatchObject({
      verdict: 'unknown',
      unknown: 'paused',
      remedies: [{ steps: [{ kind: 'resume', job: paused }], brings_in: true }],
      applied: [{ id: paused, result: 'applied' }],
    });
    await backfills.state(paused, 'completed');

    const orphan = await backfills.job({
      asset: 'unhandled',
      keys: keys(3),
      columns: { sla_deadline_at: inSeconds(600), avg_partition_duration_ms: 1000 },
    });
    const text = (await servo('advise', orphan)).stdout;
    expect(text).toMatch(
      /unknown: no executor has a handler for it\n1\. start an executor with a handler for unhandled: done/,
    );
    const refused = await servo('advise', orphan, '--apply', '--yes', '--json');
    expect(refused.code).toBe(4);
    expect(errorDocument(refused)).toMatchObject({
      message: 'this remedy is not an action on jobs alone',
      hint: expect.stringContaining('servo-tui --worker'),
    });
    const none = await servo('advise', orphan, '--apply', '--remedy', '9', '--yes', '--json');
    expect(errorDocument(none).message).toBe('there is no remedy 9: only 1');
    const usage = await servo('advise', orphan, '--remedy', 'x', '--json');
    expect([usage.code, errorDocument(usage).message]).toEqual([
      2,
      expect.stringContaining('--remedy requires --apply'),
    ]);
    expect((await servo('advise', '00000000-0000-4000-8000-000000000000')).code).toBe(3);
  }, 60_000);

  it('a limit is named with the command that raises it, and a dry run of a start tells whom it costs', async () => {
    await backfills.rows(`insert into backfill_limits values ('acme', 'asset', 'limited', 0)`);
    await backfills.execute([functionHandler('limited', () => undefined)], { slots: 1, speed: 1 });
    const limited = await backfills.job({
      asset: 'limited',
      keys: keys(3),
      columns: { sla_deadline_at: inSeconds(600), avg_partition_duration_ms: 1000 },
    });
    const text = (await servo('advise', limited)).stdout;
    expect(text).toMatch(
      /unknown: a limit of running jobs is reached\n1\. raise the limit of running jobs 0 → 1: done/,
    );
    expect(text).toContain('   servo-tui limits set --asset limited 1\n');
    const past = `update backfill_jobs set sla_deadline_at = now() - interval '1 minute' where id = $1`;
    await backfills.rows(past, [limited]);
    const explained = (await servo('explain', limited)).stdout;
    expect(explained).toContain('   servo-tui limits set --asset limited 1\n');
    expect(explained).toMatch(/\nrunbook {6}\S/);
    expect(explained).not.toMatch(/\ndo {11}/);

    const dry = await servo(
      'start',
      'slow',
      '--partition',
      'n1',
      '--any-key',
      '--priority',
      '10',
      '--dry-run',
    );
    expect(dry.stdout).toMatch(/\nif started now: done by \d{4}-\S+Z, makes no other job late\n/);
    const document = documentOf(
      'start',
      (await servo('start', 'slow', '--partition', 'n1', '--any-key', '--dry-run', '--json'))
        .stdout,
    );
    expect(document).toMatchObject({ plan: { effect: { costs: [], harmless_at: null } } });
  }, 60_000);
});
