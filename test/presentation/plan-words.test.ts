import { describe, expect, test } from 'vitest';
import { type PlanFile, plannedJob, type ReviewedJob } from '../../source/domain/plan/plan.ts';
import {
  entryText,
  namesOf,
  planText,
  planTitle,
  reviewText,
} from '../../source/presentation/plan/plan-text.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

const id = '0000abcd-0000-4000-8000-000000000000';

describe('a plan', () => {
  const running = aJob({
    number: 1,
    asset_name: 'orders',
    completed_partitions: 1200,
    total_partitions: 3650,
  });
  const paused = aJob({ number: 2, asset_name: 'clicks', state: 'paused' });
  const jobs = [running, paused].map((job) => plannedJob('pause', job));
  const plan: PlanFile = {
    plan: 1,
    id,
    tenant_id: 'acme',
    action: 'pause',
    parameters: {},
    created_at: now,
    expires_at: secondsAgo(-3600),
    jobs,
    truncated: false,
    reason: null,
    author: 'mara',
    filter: 'state:running',
  };
  test('is titled by what it does, to how many of how many', () => {
    expect(planTitle(plan)).toBe('pause 1 of 2 jobs');
    expect(planTitle({ ...plan, jobs: jobs.slice(0, 1) })).toBe('pause 1 job');
    expect(
      planTitle({ action: 'set', jobs: jobs.slice(0, 1), parameters: { priority: '9' } }),
    ).toMatch(/^set 1 job \(.*9\)$/);
  });

  test('is told with its author, times, filter, reason and jobs', () => {
    const lines = planText(plan).split('\n');
    expect(lines).toEqual([
      'plan 0000abcd: pause 1 of 2 jobs',
      expect.stringMatching(/by mara at 2024-05-14T12:00:00.000Z.* 2024-05-14T13:00:00.000Z$/),
      '  filter: state:running',
      '  00000001  orders  running  v7  1,200/3,650',
      expect.stringMatching(
        /^ {2}00000002 {2}clicks {2}paused {2}v7 {2}40\/100 {2}skipped: only running/,
      ),
      '',
    ]);
    const more = planText({ ...plan, reason: 'why', truncated: true }).split('\n');
    expect(more.slice(3, 5)).toEqual(['  reason: why', expect.stringMatching(/more/)]);
    expect(entryText(jobs[0]!)).toBe('00000001  orders  running  v7  1,200/3,650');
  });

  test('is told and reviewed in full', async () => {
    const odd = {
      ...plan,
      author: 'ma\u0007ra',
      filter: 'asset:\u202ex',
      reason: ' why ',
      truncated: true,
    };
    const set = { ...plan, action: 'set', parameters: { priority: '9', timeout: '5m' } } as const;
    const reviewed: ReviewedJob[] = [
      { planned: jobs[0]!, now: running, skipped: null },
      { planned: jobs[1]!, now: paused, skipped: 'as planned: no\u0007' },
      { planned: jobs[1]!, now: null, skipped: 'job not found' },
    ];
    const names = (count: number, most?: number) =>
      namesOf(
        Array.from({ length: count }, (_, at) => ({ asset_name: `a${at}` })),
        most,
      );
    await expectTexts('plans', [
      ...[plan, odd, set, { ...plan, jobs: [] }].flatMap((one) => planText(one).split('\n')),
      ...[plan, odd, set].flatMap((one) => reviewText(one, reviewed).split('\n')),
      ...reviewText(plan, []).split('\n'),
      ...[names(0), names(1), names(5), names(6), names(1006), names(3, 2)],
    ]);
  });

  test('is reviewed by what the database has', () => {
    const reviewed: ReviewedJob[] = [
      { planned: jobs[0]!, now: running, skipped: null },
      { planned: jobs[1]!, now: null, skipped: 'there is no such job' },
    ];
    const lines = reviewText({ ...plan, reason: '  ' }, reviewed).split('\n');
    expect(lines[0]).toBe('pause 1 of 2 jobs');
    expect(lines[1]).toMatch(/plan 0000abcd by mara/);
    expect(lines[3]).toMatch(/: none$/);
    expect(lines.slice(5)).toEqual([
      '  00000001  orders  running  v7  1,200/3,650',
      '  00000002  skipped: there is no such job',
      '',
    ]);
    const told = reviewText(
      { ...plan, reason: 'why', truncated: true, action: 'set', parameters: { priority: '9' } },
      reviewed,
    );
    expect(told).toMatch(/^set 1 of 2 jobs \(.*9\)\n[\s\S]*: why\n {2}more jobs matched/);
  });

  test('names a few, and says how many more', () => {
    const named = (count: number, most?: number) =>
      namesOf(
        Array.from({ length: count }, (_, index) => ({ asset_name: `a${index}` })),
        most,
      );
    expect([named(1), named(5), named(7), named(3, 2)]).toEqual([
      'a0',
      'a0, a1, a2, a3, a4',
      'a0, a1, a2, a3, a4 and 2 more',
      'a0, a1 and 1 more',
    ]);
  });
});
