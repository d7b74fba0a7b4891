import { expect, test } from 'vitest';
import type { Escalation } from '../../source/domain/triage/escalation.ts';
import type { DiagnosedJob } from '../../source/domain/triage/explanation.ts';
import type { CheckFinding } from '../../source/domain/triage/recommend.ts';
import { executorDetail } from '../../source/presentation/executor/table.ts';
import { eventCells } from '../../source/presentation/report/event-cells.ts';
import { eventDetail } from '../../source/presentation/report/event-table.ts';
import { alertDetail } from '../../source/presentation/triage/alert-table.ts';
import { alertsText, figureText, othersText } from '../../source/presentation/triage/alert-text.ts';
import { checkDetail, triageDetail } from '../../source/presentation/triage/check-table.ts';
import { checkCell, commandFor, worstText } from '../../source/presentation/triage/check-text.ts';
import {
  escalationReasons,
  escalationTitle,
} from '../../source/presentation/triage/escalation-text.ts';
import { explainText } from '../../source/presentation/triage/explain-text.ts';
import { searchLimitText } from '../../source/presentation/triage/search-limit.ts';
import {
  alertRows,
  eventRows,
  executorRows,
  finding,
  foundRows,
  late,
  stuckCheck,
  summaries,
} from '../support/board-rows.ts';
import { diagnosedJob, explainFacts } from '../support/explained.ts';
import { now, secondsAgo } from '../support/jobs.ts';
import { expectTexts, withTones } from '../support/texts.ts';

const widths = [40, 80, Number.POSITIVE_INFINITY];
const remedy = {
  action: 'pause',
  text: 'Pause it\u0007.',
  states: ['running'],
  command: 'servo-tui pause JOB',
  sql: null,
} as const;
const check = {
  ...stuckCheck,
  remedies: [remedy, { ...remedy, action: 'look', text: 'Look at it.', states: null } as const],
};

const step = (who: string, after_minutes: number | null, due: boolean) => ({
  who,
  task: `task of ${who}`,
  after_minutes,
  at: null,
  due,
});
const started: Escalation = {
  runbook: 'backfill-operations',
  due: false,
  since: secondsAgo(840),
  minutes: 14,
  triggers: [],
  steps: [step('on-call', 0, true), step('Lead', 15, false), step('Head', null, false)],
  next: { who: 'Lead', in_minutes: 0.4 },
};
const escalations: [string, Escalation][] = [
  ['soon', started],
  ['later', { ...started, next: { who: 'Lead', in_minutes: 61.2 } }],
  ['never', { ...started, since: null, next: null }],
  [
    'due by the clock',
    {
      ...started,
      due: true,
      minutes: 15,
      steps: [step('on-call', 0, true), step('Lead', 15, true), step('Head', 30, false)],
      next: { who: 'Head', in_minutes: 14.5 },
    },
  ],
  [
    'due by a trigger',
    {
      ...started,
      due: true,
      minutes: 4,
      triggers: [{ text: 'Multiple jobs stuck', reason: '2 jobs are' }],
      steps: [step('on-call', 0, true), step('Lead', 15, true), step('Head', null, true)],
      next: null,
    },
  ],
];

test('escalations: whom, when and why', async () => {
  const told = escalations.flatMap(([name, escalation]) => [
    `${name}: ${escalationTitle(escalation)}`,
    ...escalationReasons(escalation, now, 'utc').map((line) => `  ${line}`),
  ]);
  await expectTexts('escalations', told);
});

test('alerts as a text, at each width', async () => {
  const report = { as_of: now, tenant_id: 'acme', alerts: alertRows, executors: {} as never };
  const told = widths.flatMap((width) => [
    `at ${width}`,
    ...alertsText(report, { width, zone: 'utc' }).split('\n'),
  ]);
  await expectTexts('alerts', told);
  expect([othersText(3, false), othersText(195, true)]).toEqual(['3 more', '195+ more']);
});

test('an explanation of a job as a text, at each width', async () => {
  const facts = explainFacts(late.id, { state: 'waiting_upstream' });
  const plain = diagnosedJob(facts);
  const found = { check, rows: foundRows, sql: '' } as unknown as CheckFinding & { sql: string };
  const other = { ...found, check: { ...check, name: 'checkpoint', title: 'Checkpoint' } as never };
  const evidence = (count: number, truncated = false): DiagnosedJob['evidence'] => ({
    columns: stuckCheck.columns,
    rows: Array.from({ length: count }, (_, at) => foundRows[at % 2]!),
    sql: '',
    truncated,
  });
  const whole: DiagnosedJob = {
    ...plain,
    findings: [other, found],
    scenario: 'stuck',
    evidence: evidence(4),
    causes: [
      {
        name: 'upstream_unavailable',
        title: 'Upstream unavailable',
        advice: 'see if it is up',
        failures: 20,
      } as never,
      { title: 'Limits', advice: 'lower the parallelism', failures: 1 } as never,
    ],
    advice: null,
    recommendation: {
      action: 'pause',
      text: 'Pause it until the upstream is back, then resume it and look at what failed before.',
      command: 'servo-tui pause 00000001',
      ready: null,
    },
    escalations: escalations.map(([, escalation]) => escalation),
  };
  const cases: [string, DiagnosedJob, number[]][] = [
    ['nothing wrong', plain, [80]],
    ['nothing to do', { ...plain, clause: 'paused' }, [80]],
    ['everything', whole, widths],
    [
      'little',
      {
        ...whole,
        findings: [found],
        evidence: null,
        causes: [],
        recommendation: null,
        escalations: [],
      },
      [80],
    ],
    [
      'no command, and more evidence',
      {
        ...whole,
        recommendation: { ...whole.recommendation!, command: null },
        evidence: evidence(5),
        escalations: [],
      },
      [120],
    ],
    ['cut evidence', { ...whole, evidence: evidence(9, true), escalations: [] }, [120]],
    ['no evidence', { ...whole, evidence: evidence(0), escalations: [] }, [120]],
  ];
  const told = cases.flatMap(([name, diagnosed, at]) =>
    at.flatMap((width) => [
      `${name}, at ${width}`,
      ...explainText(diagnosed, { width, zone: 'utc' }).split('\n'),
    ]),
  );
  await expectTexts('explained', told);
});

test('what stands below each list', async () => {
  const context = { as_of: now, zone: 'utc', keys: { pause: 'p' } } as const;
  const item = <Row>(row: Row, job: typeof late | null = late) => ({ row, job });
  const [alive, held] = executorRows;
  const details = {
    alerts: alertRows.map((row) => alertDetail(item(row), context, null)),
    checks: summaries.map((row) => triageDetail(item({ ...row, check }), context, null)),
    'a check': [
      ...foundRows,
      { ...foundRows[0]!, state: 'paused' },
      { ...foundRows[0]!, state: null },
    ].map((row) => checkDetail(item(row), context, { ...finding, check })),
    journal: [
      ...eventRows.map((row) => eventDetail(item(row), context, null)),
      eventDetail(item(eventRows[1]!, null), context, null),
    ],
    executors: [
      ...executorRows.map((row) => executorDetail(item(row), context, null)),
      ...(['draining', 'silent', 'stopped'] as const).map((state) =>
        executorDetail(item({ ...alive!, state, running: [] }), context, null),
      ),
      executorDetail(item({ ...held!, slots: 1, handlers: [] }), context, null),
    ],
    'events in a line': eventRows.map((row) => [eventCells(row)]),
  };
  const told = Object.entries(details).flatMap(([name, of]) => [
    name,
    ...of.flatMap((lines) => ['', ...lines.map((line) => `  ${withTones(line)}`)]),
  ]);
  await expectTexts('details', told);
});

test('a figure of each kind, in its column', () => {
  const context = { as_of: now, zone: 'utc' } as const;
  const cases: [Parameters<typeof checkCell>[0]['kind'], unknown, string][] = [
    ['text', 'a\u0007b', 'a\uFFFDb'],
    ['text', true, 'true'],
    ['text', 'x'.repeat(301), 'x'.repeat(300)],
    ['state', 'waiting_upstream', 'waiting'],
    ['count', '1200', '1,200'],
    ['seconds', 0, '<30s'],
    ['seconds', 59, '30s'],
    ['seconds', 60, '1m'],
    ['seconds', 4320, '1h12m'],
    ['seconds', -59, '-30s'],
    ['seconds', -4320, '-1h12m'],
    // The list says the same of a job that is late.
    ['duration', 58, '58s'],
    ['duration', 0.2, '1s'],
    ['duration', -300, '-5m'],
    ['milliseconds', 1400, '1.4 s'],
    ['ratio', 0.299, '29%'],
    ['ratio', 1.58, '158%'],
    ['ratio', 12, '>999%'],
    ['time', secondsAgo(90), '11:58:30'],
    ['time', secondsAgo(90).toISOString(), '11:58:30'],
    ['count', null, '–'],
    ['time', undefined, '–'],
  ];
  for (const [kind, cell, text] of cases)
    expect(checkCell({ name: '', title: '', kind }, cell as never, context)).toBe(text);
  const worst = summaries[0]!.worst!;
  expect([
    worstText(null, now, 'utc'),
    worstText({ ...worst, asset_name: '' }, now, 'utc'),
    worstText({ ...worst, asset_name: 'a' }, now, 'utc'),
    worstText({ ...worst, asset_name: 'a', value: null }, now, 'utc'),
  ]).toEqual(['', '14m', 'a, 14m', 'a']);
  expect([commandFor(remedy, 'abcd'), commandFor({ ...remedy, command: null }, 'x')]).toEqual([
    'servo-tui pause abcd',
    null,
  ]);
  expect([
    figureText(null, now, 'utc'),
    figureText({ value: 3, kind: 'count' }, now, 'utc'),
    figureText({ value: 200, kind: 'count', at_least: true }, now, 'utc'),
  ]).toEqual(['–', '3', '200+']);
  expect([searchLimitText({ searched: null }), searchLimitText({ searched: 2000 })]).toEqual([
    '',
    ' among the newest 2,000 of each state',
  ]);
});
