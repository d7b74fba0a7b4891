import { describe, expect, test } from 'vitest';
import { jobActions } from '../../source/domain/job/action.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import type { JobSettings } from '../../source/domain/job/settings.ts';
import { riskRow } from '../../source/domain/risk/board.ts';
import { actionText } from '../../source/presentation/job/action-text.ts';
import { jobColumns } from '../../source/presentation/job/columns.ts';
import {
  driftText,
  etaIfStarted,
  formatEta,
  formatEtaRange,
} from '../../source/presentation/job/eta-phrase.ts';
import { healthText, isWaiting, jobTone } from '../../source/presentation/job/health-text.ts';
import { stallText } from '../../source/presentation/job/stall-text.ts';
import {
  etaText,
  progressText,
  riskSummary,
  stateName,
} from '../../source/presentation/report/report-text.ts';
import { riskTable } from '../../source/presentation/risk/columns.ts';
import { riskDetail } from '../../source/presentation/risk/detail.ts';
import {
  severityFigure,
  severityPhrase,
  whyUnknown,
} from '../../source/presentation/risk/risk-text.ts';
import type { Column } from '../../source/presentation/text/table.ts';
import { explainFacts } from '../support/explained.ts';
import { jobVarieties } from '../support/job-varieties.ts';
import { now, secondsAgo } from '../support/jobs.ts';
import { expectTexts, formsOf, withTones } from '../support/texts.ts';

const context = { as_of: now, zone: 'utc', width: 12 } as const;

const cells = <Row>(columns: readonly Column<Row>[], row: Row) =>
  columns.map((column) => `  ${column.name}: ${formsOf(column.phrase(row, context))}`);

/** What is said of each of `jobVarieties`, where it is not what is said of the healthy one. */
function walk(say: (job: JobView) => readonly string[]): string[] {
  const [[first, healthy], ...others] = [...jobVarieties] as [
    [string, JobView],
    ...[string, JobView][],
  ];
  const usual = say(healthy);
  return [
    first,
    ...usual,
    ...others.flatMap(([name, job]) => {
      const news = say(job).filter((line) => !usual.includes(line));
      return news.length === 0 ? [] : [name, ...news];
    }),
  ];
}

describe('of a job of every kind', () => {
  test('each cell of the list', () =>
    expectTexts(
      'job-cells',
      walk((job) => cells(jobColumns, job)),
    ));

  test('how it stands: its tone, its health, what it waits for, its ETA and its risk', () =>
    expectTexts(
      'job-standing',
      walk((job) => {
        const health = healthText(job);
        return [
          `  ${stateName(job.state)} ${jobTone(job)}${isWaiting(job) ? ' waiting' : ''}`,
          `  health: ${health === null ? '–' : withTones([health])}`,
          `  ETA: ${formsOf(formatEta(job, now, 'utc'))} ${formatEtaRange(job, now, 'utc')}`,
          `  drift: ${driftText(job)}; started: ${etaIfStarted(job, now, 'utc')}`,
          `  risk: ${formsOf(severityPhrase(job, job.state, now))} ${severityFigure(job, job, now)}`,
          `  unknown: ${whyUnknown(job)}`,
          `  report: ${progressText(job)}; ${etaText(job, now)}; ${riskSummary(job, now)}`,
        ];
      }),
    ));

  test('its row and its detail in the calculator', () =>
    expectTexts(
      'job-risk',
      walk((job) => {
        const item = { row: riskRow(job, null, null, now), job };
        const detail = riskDetail(item, { as_of: now, zone: 'utc', keys: {} }, null);
        return [
          ...cells(
            riskTable.columns.filter(({ name }) => name !== 'job' && name !== 'id'),
            item,
          ),
          ...detail.map((line) => `  > ${withTones(line)}`),
        ];
      }),
    ));

  const settings: JobSettings[] = [
    { priority: 8, strategy: { max_parallel: 6 } },
    { sla_deadline_at: secondsAgo(-600) },
    { sla_deadline_at: null, strategy: { max_parallel: 1, timeout_ms: 90_000 } },
  ];
  const changes = ['set', 'recreate'] as const;

  test('what each action will do, and what follows', () =>
    expectTexts(
      'job-actions',
      walk((job) =>
        jobActions.map((action) => {
          const { will, after: then } = actionText[action];
          const intent = { job, asOf: now, settings: {} };
          return `  ${action}: ${will(intent)} | ${then(intent) ?? '–'}`;
        }),
      ),
    ));

  test('what other settings will do to it, each sentence once', () => {
    const said = walk((job) =>
      settings.flatMap((settings) =>
        changes.map((action) => {
          const { will, after: then } = actionText[action];
          const intent = { job, asOf: now, settings, zone: 'utc' } as const;
          return `  ${action}: ${will(intent)} | ${then(intent) ?? '–'}`;
        }),
      ),
    );
    return expectTexts('job-settings', [...new Set(said)]);
  });

  const event = (changes: Partial<JobEvent>): JobEvent => ({
    id: 1,
    job_id: 'x',
    partition_key: null,
    kind: 'state',
    from_state: 'running',
    to_state: 'paused',
    actor: 'mara@oncall',
    login: 'eve',
    reason: 'the database\u0007 is down',
    at: secondsAgo(20),
    ...changes,
  });
  const journals: [string, JobEvent[]][] = [
    ['no events', []],
    ['paused, with a reason', [event({ to_state: null, kind: 'set' }), event({})]],
    ['paused, without', [event({ reason: null }), event({})]],
    ['cancelled', [event({ to_state: 'cancelled' }), event({})]],
    ['started, with a reason', [event({ from_state: 'pending', to_state: 'running' })]],
    ['only settings', [event({ to_state: null, kind: 'set' })]],
  ];

  test('why it does not go on', () =>
    expectTexts(
      'job-stalls',
      walk((job) =>
        journals.flatMap(([name, events]) => {
          const said = stallText(job, events);
          const before = stallText(job, []);
          const news = name === 'no events' || said?.text !== before?.text;
          return said === null || !news ? [] : [`  ${name}: ${withTones([said])}`];
        }),
      ),
    ));
});

test('an action says what is known of its executors, of one partition, and in whose zone', () => {
  const job = jobVarieties.get('with one failed')!;
  const silent = [{ id: 'web-2:1:a', slots: 1, seen_at: secondsAgo(42), until: secondsAgo(-60) }];
  const intent = { job, asOf: now, settings: {} };
  const known = (facts: Parameters<typeof explainFacts>[1]) => ({
    facts: explainFacts(job.id, facts),
  });
  expect(actionText.reclaim.after({ ...intent, known: known({ silent }) })).toBe(
    'web-2:1:a with 1 slot has been silent for 42s: its partitions go to another executor',
  );
  expect(actionText.reclaim.after({ ...intent, known: known({}) })).toBe(
    'its heartbeat is fresh (<30s): an executor is running it, and that work is repeated',
  );
  const one = { ...intent, only: '2024-03-12\u0007' };
  expect(actionText.retry.will(one)).toBe(
    'make the failed partition 2024-03-12\uFFFD due now; resets the failure count, keeps the attempt count',
  );
  expect(actionText.retry.after({ ...one, job: jobVarieties.get('with many failed')! })).toBe(
    'about 30s more of work',
  );
  const soon = { ...intent, settings: { sla_deadline_at: secondsAgo(-600) } };
  expect(actionText.set.will(soon)).toBe(
    'deadline none → 2024-05-14T12:10:00.000Z; applies from the next batch',
  );
  expect(actionText.set.will({ ...soon, zone: 'utc' })).toBe(
    'deadline none → 2024-05-14 12:10 UTC; applies from the next batch',
  );
  expect(
    jobActions.map((action) =>
      [action, actionText[action].verb, actionText[action].keep, actionText[action].gerund].join(
        ' | ',
      ),
    ),
  ).toEqual([
    'pause | Pause | Keep running | pausing',
    'resume | Resume | Leave it paused | resuming',
    'cancel | Cancel the job | Keep it | cancelling',
    'retry | Retry | Leave them failed | retrying',
    'reclaim | Reclaim | Leave it | reclaiming',
    'set | Set it | Leave it as it is | setting',
    'recreate | Recreate it | Keep it | recreating',
  ]);
});
