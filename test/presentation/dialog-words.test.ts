import { describe, expect, test } from 'vitest';
import { dialogText, planDialogText } from '../../source/presentation/job/dialog-text.ts';
import { now, secondsAgo } from '../support/jobs.ts';

describe('who else has a dialog open', () => {
  const dialog = (changes = {}) => ({
    actor: 'mara',
    host: 'db-7',
    action: 'cancel',
    jobs: 1,
    job_ids: ['a'],
    opened_at: secondsAgo(21),
    ...changes,
  });
  test('on one job', () => {
    const cases: [object[], string | null][] = [
      [[], null],
      [[{}], 'mara@db-7 has Cancel open on this job for 20s'],
      [[{ actor: 'jo@x', opened_at: secondsAgo(4) }], 'jo@x has Cancel open on this job for <5s'],
      [[{ opened_at: secondsAgo(5) }], 'mara@db-7 has Cancel open on this job for 5s'],
      [[{ opened_at: secondsAgo(59) }], 'mara@db-7 has Cancel open on this job for 55s'],
      [
        [{ opened_at: secondsAgo(60), jobs: 1001 }],
        'mara@db-7 has Cancel open on this job and 1,000 more for 1m',
      ],
      [
        [{ jobs: 2 }, {}, {}],
        'mara@db-7 has Cancel open on this job and 1 more for 20s (and 2 more)',
      ],
    ];
    for (const [dialogs, expected] of cases)
      expect(dialogText(dialogs.map(dialog), now)).toBe(expected);
  });

  test('on several', () => {
    const said = (count: number, more: object[] = []) => {
      const job_ids = Array.from({ length: count }, (_, index) => String(index));
      return planDialogText([{ job_ids }, ...more].map(dialog), now, (id) => `job${id}`);
    };
    expect(planDialogText([], now, String)).toBeNull();
    expect(said(1)).toBe('mara@db-7 has Cancel open on 1 of these for 20s: job0');
    expect(said(3)).toMatch(/on 3 of these .*: job0, job1, job2$/);
    expect(said(4, [{}])).toMatch(/on 4 of these .*: job0, job1, job2, … \(and 1 more\)$/);
    expect(said(99)).toMatch(/on 99 of/);
    expect(said(100)).toMatch(/on 100 or more of/);
  });
});
