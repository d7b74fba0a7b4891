import { describe, expect, test } from 'vitest';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import {
  type HandOff,
  type IncidentReport,
  isDecision,
} from '../../source/domain/report/reports.ts';
import type { Escalation } from '../../source/domain/triage/escalation.ts';
import { kindsOf } from '../../source/presentation/partition/failure-groups.ts';
import { handOffReport } from '../../source/presentation/report/hand-off.ts';
import { incidentReport } from '../../source/presentation/report/incident-report.ts';
import {
  formatClock,
  formatDay,
  formatInstant,
  formatMoment,
  formatSecond,
  zoneName,
} from '../../source/presentation/text/format.ts';
import { explainFacts } from '../support/explained.ts';
import { aJob, anInsight, now, secondsAgo } from '../support/jobs.ts';
import { expectTexts } from '../support/texts.ts';

const orders = aJob({ number: 1, asset_name: 'orders' });
const clicks = aJob({ number: 2, asset_name: 'clicks', state: 'paused', running_slots: 0 });

const event = (changes: Partial<JobEvent> = {}): JobEvent => ({
  id: 1,
  job_id: orders.id,
  partition_key: null,
  kind: 'state',
  from_state: 'running',
  to_state: 'paused',
  actor: 'mara',
  login: 'mara',
  reason: 'maintenance',
  at: secondsAgo(600),
  ...changes,
});
const byExecutor = event({
  actor: 'web-1:812:ab',
  login: 'app',
  reason: null,
  from_state: null,
  to_state: 'pending',
});

const escalation: Escalation = {
  runbook: 'backfill-operations',
  since: secondsAgo(1200),
  minutes: 20.5,
  triggers: [{ text: 'Multiple jobs stuck', reason: '2 jobs are' }],
  steps: [
    { who: 'on-call', task: 'Notify', after_minutes: 0, at: secondsAgo(1200), due: true },
    { who: 'Backend Lead', task: 'Escalate', after_minutes: 15, at: null, due: false },
  ],
  due: false,
  next: null,
} as unknown as Escalation;

const finding = {
  check: {
    name: 'stuck',
    title: 'Stuck jobs',
    section: { runbook: 'backfill-operations', heading: 'Stuck' },
  },
  found: 2,
  truncated: false,
  sql: '',
  worst: null,
} as unknown as HandOff['findings'][number];

/** The lines of a section, without its heading. */
function section(markdown: string, heading: string): string[] {
  const lines = markdown.split('\n');
  const at = lines.indexOf(heading);
  if (at < 0) return [];
  const end = lines.findIndex((line, index) => index > at && line.startsWith('## '));
  return lines.slice(at + 1, end < 0 ? undefined : end).filter((line) => line !== '');
}
const rows = (markdown: string, heading: string) =>
  section(markdown, heading)
    .filter((line) => line.startsWith('|'))
    .slice(2);

describe('an incident report', () => {
  const report = (changes: Partial<IncidentReport> = {}): string =>
    incidentReport({
      as_of: now,
      tenant_id: 'acme',
      job: orders,
      explanation: { clause: 'claimable', facts: explainFacts(orders.id) },
      timeline: [],
      attempts: [],
      findings: [],
      scenario: null,
      recommendation: null,
      escalations: [],
      ...anInsight(),
      failures: [],
      ...changes,
    });
  const figure = (changes: Partial<IncidentReport>, name: string) =>
    rows(report(changes), '## Figures').find((line) => line.startsWith(`| ${name} |`));

  test('of a job of which there is nothing to tell has only what there always is', () => {
    const markdown = report();
    expect(markdown.match(/^#+ .*$/gm)).toEqual([
      '# Incident report: `orders` 00000001',
      '## Figures',
      '## Escalation',
      '## Downstream impact',
      '## Actions and reasons',
      '## Timeline',
    ]);
    expect(markdown).toMatch(/of tenant `acme`, as of 2024-05-14 12:00:00 UTC/);
    expect(markdown).toMatch(/\*\*running\*\*, 40 of 100 \(40%\) done, 0 partitions failed\.\n/);
    expect(section(markdown, '## Escalation')).toHaveLength(1);
    expect(section(markdown, '## Actions and reasons')).toHaveLength(1);
    expect(section(markdown, '## Timeline')).toHaveLength(1);
    expect(section(markdown, '## Downstream impact')).toHaveLength(2);
    expect(markdown).not.toMatch(/undefined|NaN|null|Recommended|Command/);
  });

  test('says what is recommended: the runbook’s, else what the clause asks for', () => {
    const recommendation = {
      action: 'pause',
      text: 'Pause it.',
      command: 'servo-tui pause 00000001',
      ready: null,
    } as const;
    expect(report({ recommendation })).toMatch(
      /Recommended: `Pause it\.`\n\nCommand: `servo-tui pause 00000001`/,
    );
    const paused = report({
      job: clicks,
      explanation: { clause: 'paused', facts: explainFacts(clicks.id) },
    });
    expect(paused).toMatch(/Recommended: `servo-tui resume 00000002`/);
    expect(paused).not.toMatch(/Command:/);
    expect(report({ job: aJob({ sla_deadline_at: secondsAgo(-60) }) })).toMatch(
      /To its deadline: late by/,
    );
  });

  test('figures', () => {
    const ended = aJob({
      state: 'failed',
      completed_at: secondsAgo(600),
      failed_partitions: 3,
      skipped_partitions: 2,
      error_message: 'no | way',
      created_by: null,
      checkpoint_partition_key: null,
      heartbeat_at: null,
    });
    const cases: [Partial<IncidentReport>, string, RegExp][] = [
      [{ job: ended }, 'Partitions', /40 of 100 \(40%\), 3 failed, 2 skipped, 55 left/],
      [{}, 'Checkpoint', /`2024-02-09`/],
      [{ job: ended }, 'Checkpoint', /\| – \|/],
      [{}, 'Created', /2024-05-14 10:\d\d:\d\d by `mara`/],
      [{ job: ended }, 'Created', /2024-05-14 \d\d:\d\d:\d\d \|/],
      [{}, 'Started', /11:40:00/],
      [{}, 'Ended', /– \(20m so far\)/],
      [{ job: ended }, 'Ended', /11:50:00 \(10m\)/],
      [{ job: aJob({ started_at: null }) }, 'Ended', /\| – \|/],
      [{}, 'Deadline', /\| – \|/],
      [{ job: aJob({ sla_deadline_at: now }) }, 'Deadline', /12:00:00/],
      [{ job: ended }, 'ETA', /\| – \|/],
      [{}, 'ETA', /12:15/],
      [{}, 'Heartbeat', /<30s old \|/],
      [{ job: aJob({ heartbeat_at: secondsAgo(600) }) }, 'Heartbeat', /10m old, stale/],
      [{ job: ended }, 'Heartbeat', /\| – \|/],
      [{}, 'Partition duration', /30\.0 s on average \|/],
      [
        { durations: { count: 2, p50_ms: 1000, p95_ms: 2000, slowest: [] } },
        'Partition duration',
        /on average; half took 1\.0 s, 95 % up to 2\.0 s/,
      ],
      [
        { job: aJob({ avg_partition_duration_ms: null }) },
        'Partition duration',
        /nothing completed yet/,
      ],
      [{}, 'Rate', /\| – \|/],
      [{}, 'Max parallel', /\| 4, 3 attempts each \|/],
      [{}, 'Executors', /none/],
      [
        {
          executors: [
            { id: 'web-1:1:a', partitions: 2 },
            { id: 'web-2:1:a', partitions: 1 },
          ] as never,
        },
        'Executors',
        /`web-1:1:a` \(2\), `web-2:1:a` \(1\)/,
      ],
      [{}, 'Priority', /5, version 7/],
      [{ job: ended }, 'Error', /`no \\\| way`/],
    ];
    for (const [changes, name, expected] of cases) expect(figure(changes, name)).toMatch(expected);
    expect(figure({}, 'Error')).toBeUndefined();
  });

  test('failures by kind with their likely cause, and what was slow', () => {
    const failed = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7'].map((partition_key, index) => ({
      partition_key,
      error_message: index === 6 ? 'odd' : 'connect ECONNREFUSED 10.0.0.1:5432',
      attempt_count: 3,
      completed_at: now,
    }));
    const failures = kindsOf(failed as never).map((kind) => ({ ...kind, likely_cause: null }));
    const slowest = Array.from({ length: 6 }, (_, index) => ({
      partition_key: `s${index}`,
      duration_ms: 1000 * (index + 1),
    }));
    const markdown = report({
      failures,
      durations: { count: 9, p50_ms: null, p95_ms: null, slowest: slowest as never },
    });
    const [first, second] = rows(markdown, '## Failures by kind');
    expect(first).toMatch(
      /^\| 6 \| `connect ECONNREFUSED.*`p1`, `p2`, `p3`, `p4`, `p5` and 1 more \|$/,
    );
    expect(second).toMatch(
      /^\| 1 \| `odd` \| none of the common causes: read the message \| `p7` \|$/,
    );
    const advice = section(markdown, '## Failures by kind').filter((line) => line.startsWith('- '));
    expect(advice).toEqual([expect.stringMatching(/^- .+: .+\.$/)]);
    expect(markdown).toMatch(/Slowest of the last 9 partitions: `s0` 1\.0 s, .*`s4` 5\.0 s\.\n/);
    expect(markdown).not.toMatch(/`s5`/);
  });

  test('what waits for it, what is made from it, what it waits for', () => {
    const waiting = [
      { id: clicks.id, depth: 1, job: clicks },
      { id: '0000beef-0000-4000-8000-000000000000', depth: 2, job: null },
    ];
    const assets = [
      { name: 'sales', owner: 'finance', depth: 1, jobs: [] },
      { name: 'report', owner: null, depth: 2, jobs: [{ id: clicks.id, state: 'paused' }] },
    ];
    const markdown = report({ waiting, upstreams: waiting, assets } as never);
    for (const heading of ['## Downstream impact', '## Upstream jobs'])
      expect(rows(markdown, heading)).toEqual([
        '| `clicks` 00000002 | paused | 40 of 100 (40%) | – |',
        '| · 0000beef | deleted |  |  |',
      ]);
    expect(
      section(markdown, '## Downstream impact').filter((line) => line.startsWith('- ')),
    ).toEqual([
      '- `sales` of `finance`: no active job',
      '- `report`, 2 steps away: 00000002 paused',
    ]);
  });

  test('who did what and why, and all of the timeline', () => {
    const timeline = [
      byExecutor,
      event(),
      event({ reason: null, actor: 'jo', login: 'app' }),
      event({ kind: 'retry requested', from_state: null, to_state: null, reason: null }),
    ];
    const attempts = [{ kind: 'failed', count: 1234, first_at: secondsAgo(60), last_at: now }];
    const markdown = report({ timeline, attempts, findings: [finding], escalations: [escalation] });
    expect(rows(markdown, '## Actions and reasons')).toEqual([
      '| 2024-05-14 11:50:00 | `mara` | running → paused | `maintenance` |',
      expect.stringMatching(/^\| .* \| `jo.*` \| running → paused \| no reason given \|$/),
      expect.stringMatching(/^\| .* \| `mara` \| `retry requested` \| no reason given \|$/),
    ]);
    expect(rows(markdown, '## Timeline')).toHaveLength(4);
    expect(rows(markdown, '## Timeline')[0]).toMatch(
      /created, pending \| `web-1:812:ab.*` \| {2}\|$/,
    );
    expect(section(markdown, '## Timeline').at(-1)).toBe(
      '- 1,234 × `failed`, 2024-05-14 11:59:00 to 2024-05-14 12:00:00',
    );
    expect(rows(markdown, '## Triage findings')).toEqual([
      expect.stringMatching(/^\| Stuck jobs \| 2 \| {2}\| .*Stuck.* \|$/),
    ]);
    expect(section(markdown, '## Escalation')).toEqual([
      expect.stringMatching(
        /^backfill-operations: its clock started at 2024-05-14 11:40:00 \(20 minutes\); /,
      ),
      '- Multiple jobs stuck: 2 jobs are',
      '| Who | What | When | Due |',
      '| --- | --- | --- | --- |',
      '| on-call | Notify | 2024-05-14 11:40:00 | yes |',
      '| Backend Lead | Escalate | on demand | no |',
    ]);
    const quiet = section(
      report({ escalations: [{ ...escalation, since: null, triggers: [] }] }),
      '## Escalation',
    );
    expect(quiet[0]).toMatch(/its clock has not started/);
    expect(quiet).toHaveLength(5);
  });
});

describe('a hand-off', () => {
  const summary = (changes: Partial<HandOff> = {}): string =>
    handOffReport({
      as_of: now,
      tenant_id: 'acme',
      since: secondsAgo(8 * 3600),
      alerts: [],
      findings: [],
      escalations: [],
      at_risk: [],
      actions: [],
      actions_truncated: false,
      attempts: [],
      ended_counts: {},
      ended: [],
      asset_names: { [orders.id]: 'orders', [clicks.id]: 'clicks' },
      ...changes,
    });

  test('of a quiet shift', () => {
    const markdown = summary();
    expect(markdown).toMatch(
      /^# .* of `acme`\n\nFrom 2024-05-14 04:00:00 to 2024-05-14 12:00:00 UTC \(8h00m\)/,
    );
    expect(markdown.match(/^- .*$/gm)).toEqual([
      expect.stringMatching(/^- 0 alerts fire$/),
      expect.stringMatching(/^- 0 jobs at risk/),
      expect.stringMatching(/^- 0 actions/),
      '- 0 jobs ended, 0 of them failed',
    ]);
    expect(markdown).not.toMatch(/^\|/m);
    expect(markdown.match(/^## .*$/gm)).toHaveLength(6);
  });

  test('alerts with their jobs, those at risk, and attempts', () => {
    const alert = {
      name: 'Stuck',
      severity: 'critical',
      since: secondsAgo(540),
      found: 2,
      truncated: false,
      jobs: [
        { job_id: orders.id, asset_name: 'orders' },
        { job_id: null, asset_name: 'sales' },
      ],
    };
    const many = {
      ...alert,
      since: null,
      found: 7,
      truncated: true,
      jobs: Array.from({ length: 7 }, () => alert.jobs[0]),
    };
    const late = aJob({ number: 3, asset_name: 'late', sla_deadline_at: secondsAgo(-60) });
    const markdown = summary({
      alerts: [alert, many],
      at_risk: [late, clicks],
      attempts: [
        { job_id: orders.id, kind: 'failed', count: 1200 },
        { job_id: late.id, kind: 'retry', count: 1 },
      ],
    } as never);
    expect(rows(markdown, '## Firing alerts')).toEqual([
      '| Stuck | critical | 2024-05-14 11:51:00 (9m) | `orders` 00000001, `sales` |',
      expect.stringMatching(
        /^\| Stuck \| critical \| – \| (`orders` 00000001(, )?){5} and 2\+ more \|$/,
      ),
    ]);
    expect(rows(markdown, '## Jobs still at risk')).toEqual([
      expect.stringMatching(
        /^\| `late` 00000003 \| running \| 40 of 100 \(40%\) \| \S.* \| 2024-05-14 12:01:00 \| late by \S+ \(HIGH .* \|$/,
      ),
      expect.stringMatching(
        /^\| `clicks` 00000002 \| paused \| 40 of 100 \(40%\) \| .* \| – \| – \|$/,
      ),
    ]);
    expect(markdown).toMatch(/- 2 alerts fire\n- 2 jobs at risk/);
    expect(summary({ alerts: [alert] } as never)).toMatch(/- 1 alert fires\n/);
    expect(markdown).toMatch(
      /\| `orders` 00000001 \| `failed` \| 1,200 \|\n\| a job 00000003 \| `retry` \| 1 \|/,
    );
  });

  test('from five on, actions that say the same are one', () => {
    const bulk = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        event({
          id: index,
          job_id: index % 2 ? orders.id : clicks.id,
          at: secondsAgo(600 - index),
        }),
      );
    const acted = (actions: JobEvent[], more: Partial<HandOff> = {}) =>
      rows(summary({ actions, ...more }), '## Actions and reasons');
    expect(acted(bulk(4))).toHaveLength(4);
    expect(acted(bulk(5))).toEqual([
      '| 2024-05-14 11:50:00 to 2024-05-14 11:50:04 | `mara` | 5 jobs: `clicks`, `orders` | running → paused | `maintenance` |',
    ]);
    expect(acted([...bulk(5), event({ reason: 'other' }), byExecutor])).toHaveLength(2);
    expect(acted([event({ at: now })])[0]).toMatch(
      /^\| 2024-05-14 12:00:00 \| `mara` \| `orders` 00000001 \|/,
    );
    expect(summary({ actions: bulk(1), actions_truncated: true })).toMatch(
      /The journal has more events: these are the latest\./,
    );
    expect(summary({ actions: bulk(1) })).not.toMatch(
      /The journal has more events: these are the latest\./,
    );
    const names = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, name]));
    const five = ['a', 'b', 'c', 'd', 'e'].map((job_id) => event({ job_id }));
    expect(acted(five, { asset_names: names })[0]).toMatch(
      /5 jobs: `a`, `b`, `c` and 2 more assets/,
    );
    expect(acted(five.slice(0, 5), { asset_names: { ...names, e: 'd' } })[0]).toMatch(
      /`c` and 1 more asset \|/,
    );
  });

  test('what ended, alike together, with what became of its deadline', () => {
    const ended = (number: number, changes: Parameters<typeof aJob>[0] = {}) =>
      aJob({
        number,
        asset_name: 'orders',
        state: 'failed',
        completed_at: secondsAgo(60 * number),
        failed_partitions: 2,
        error_message: 'no',
        ...changes,
      });
    const list = (jobs: ReturnType<typeof ended>[]) =>
      rows(summary({ ended: jobs, ended_counts: { failed: 1200, completed: 1 } }), '## Ended jobs');
    expect(list([1, 2, 3, 4, 5].map((number) => ended(number)))).toEqual([
      '| 2024-05-14 11:55:00 to 2024-05-14 11:59:00 | 5 jobs: `orders` | failed |  | 10 | – | `no` |',
    ]);
    expect(
      list([
        ended(1, {
          state: 'completed',
          error_message: null,
          sla_deadline_at: now,
          failed_partitions: 0,
        }),
        ended(2, { completed_at: null, sla_deadline_at: now }),
      ]),
    ).toEqual([
      '| 2024-05-14 11:59:00 | `orders` 00000001 | completed | 40 of 100 (40%) | 0 | met |  |',
      expect.stringMatching(
        /^\| – \| `orders` 00000002 \| failed \| 40 of 100 \(40%\) \| 2 \| not met \| `no` \|$/,
      ),
    ]);
    expect(summary({ ended_counts: { failed: 1200, completed: 1 } })).toMatch(
      /1,201 jobs ended, 1,200 of them failed/,
    );
  });

  test('a decision is a person’s, or one with a reason, about a job', () => {
    const events = [
      event(),
      event({ reason: null }),
      byExecutor,
      { ...byExecutor, reason: 'lease lost' },
      event({ partition_key: 'p' }),
    ];
    expect(events.map(isDecision)).toEqual([true, true, false, true, false]);
  });
});

/** Reports with every section, so that each of their lines is seen as it is written. */
describe('in full', () => {
  const upstream = (id: string, depth: number, job: typeof orders | null) => ({ id, depth, job });
  const related = [
    upstream(clicks.id, 1, clicks),
    upstream('0000beef-0000-4000-8000-000000000000', 2, null),
    upstream(orders.id, 3, aJob({ state: 'dreaming|', sla_deadline_at: secondsAgo(-60) })),
  ];
  const timeline = [
    byExecutor,
    event({ at: secondsAgo(500) }),
    event({ from_state: 'paused', to_state: 'resuming', reason: null, actor: 'jo', login: 'eve' }),
    event({ kind: 'set', from_state: null, to_state: null, reason: 'priority 5 → 8' }),
    event({ partition_key: '2024-03-12', kind: 'failed', from_state: null, to_state: null }),
  ];
  const failures = kindsOf([
    ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((partition_key) => ({
      partition_key,
      error_message: `connect ECONNREFUSED 10.0.0.1:${partition_key.charCodeAt(0)}`,
      attempt_count: 3,
      completed_at: now,
    })),
    { partition_key: 'h', error_message: 'odd | `way`', attempt_count: 3, completed_at: now },
    { partition_key: 'i', error_message: null, attempt_count: 3, completed_at: now },
    {
      partition_key: 'j',
      error_message: 'permission denied for table sales (SQLSTATE 42501)',
      attempt_count: 3,
      completed_at: now,
    },
  ] as never).map((kind) => ({ ...kind, likely_cause: null }));
  const late = aJob({
    number: 3,
    asset_name: 'late',
    sla_deadline_at: secondsAgo(-700),
    failed_partitions: 10,
    error_message: 'no way',
  });

  test('reports of which there is nothing to tell', async () => {
    const quiet = incidentReport({
      as_of: now,
      tenant_id: 'acme',
      job: aJob({ state: 'pending', started_at: null, heartbeat_at: null, created_by: null }),
      explanation: { clause: 'claimable', facts: explainFacts(orders.id, { state: 'pending' }) },
      timeline: [],
      attempts: [],
      findings: [],
      scenario: null,
      recommendation: null,
      escalations: [],
      ...anInsight(),
      failures: [],
    });
    const shift = handOffReport({
      as_of: now,
      tenant_id: 'acme',
      since: secondsAgo(60),
      alerts: [],
      findings: [],
      escalations: [],
      at_risk: [],
      actions: [],
      actions_truncated: true,
      attempts: [],
      ended_counts: {},
      ended: [],
      asset_names: {},
    });
    await expectTexts('quiet-reports', [...quiet.split('\n'), ...shift.split('\n')]);
  });

  test('an incident report', async () => {
    const markdown = incidentReport({
      as_of: now,
      tenant_id: 'acme',
      job: late,
      explanation: { clause: 'claimable', facts: explainFacts(late.id) },
      timeline,
      attempts: [
        { kind: 'failed', count: 1234, first_at: secondsAgo(60), last_at: now },
        { kind: 'lost', count: 1, first_at: now, last_at: now },
      ],
      findings: [finding, { ...finding, truncated: true, found: 1000 }],
      scenario: 'stuck',
      recommendation: {
        action: 'pause',
        text: 'Pause it.',
        command: 'servo-tui pause 00000003',
        ready: null,
      },
      escalations: [escalation, { ...escalation, since: null, triggers: [] }],
      ...anInsight({
        samples: [30, 20, 10].map((seconds, index) => ({
          at: secondsAgo(seconds * 6),
          completed: 40 + index * index * 10,
        })) as never,
        durations: {
          count: 1200,
          p50_ms: 850,
          p95_ms: 1400,
          slowest: [1, 2, 3, 4, 5, 6].map((duration) => ({
            partition_key: `s${duration}`,
            duration_ms: duration * 1000,
          })) as never,
        },
        upstreams: related as never,
        waiting: related as never,
        assets: [
          { name: 'sales', owner: 'finance', depth: 1, jobs: [] },
          {
            name: 'report',
            owner: null,
            depth: 2,
            jobs: [
              { id: clicks.id, state: 'paused' },
              { id: orders.id, state: 'running' },
            ],
          },
        ] as never,
        executors: [
          { id: 'web-1:1:a', partitions: 2 },
          { id: 'web-2:1:a', partitions: 1 },
        ] as never,
      }),
      failures,
    });
    await expectTexts('incident', markdown.split('\n'));
  });

  test('a hand-off', async () => {
    const alert = {
      name: 'ServoBackfillJobStuck',
      severity: 'critical',
      since: secondsAgo(540),
      found: 6,
      truncated: false,
      jobs: [orders, clicks, late, orders, clicks].map((job) => ({
        job_id: job.id,
        asset_name: job.asset_name,
      })),
    };
    const done = (number: number, changes: Parameters<typeof aJob>[0] = {}) =>
      aJob({
        number,
        asset_name: `asset${number}`,
        state: 'failed',
        completed_at: secondsAgo(60 * number),
        failed_partitions: 2,
        error_message: 'no',
        ...changes,
      });
    const markdown = handOffReport({
      as_of: now,
      tenant_id: 'acme',
      since: secondsAgo(8 * 3600),
      alerts: [
        alert,
        { ...alert, since: null, jobs: [{ job_id: null, asset_name: 'sales' }], found: 1 },
      ] as never,
      findings: [finding],
      escalations: [escalation],
      at_risk: [late, { ...clicks, sla_deadline_at: null }],
      actions: [
        ...timeline,
        ...[1, 2, 3, 4, 5].map((seconds) =>
          event({ at: secondsAgo(seconds), reason: 'all of them', job_id: clicks.id }),
        ),
      ],
      actions_truncated: true,
      attempts: [
        { job_id: orders.id, kind: 'failed', count: 1200 },
        { job_id: late.id, kind: 'retry', count: 1 },
      ],
      ended_counts: { failed: 1200, completed: 3, cancelled: 2 },
      ended: [
        ...[1, 2, 3, 4, 5].map((number) => done(number)),
        done(6, { state: 'completed', sla_deadline_at: now, error_message: null }),
        done(7, { state: 'cancelled', completed_at: null, error_message: 'other' }),
      ],
      asset_names: { [orders.id]: 'orders', [clicks.id]: 'clicks' },
    });
    await expectTexts('hand-off', markdown.split('\n'));
  });
});

test('a time in the zone of who reads it', () => {
  const at = new Date('2024-05-14T14:18:05Z');
  const local = (of: Date) => {
    const two = (value: number) => String(value).padStart(2, '0');
    return {
      day: `${of.getFullYear()}-${two(of.getMonth() + 1)}-${two(of.getDate())}`,
      second: [of.getHours(), of.getMinutes(), of.getSeconds()].map(two).join(':'),
    };
  };
  expect([formatDay(at, 'local'), formatSecond(at, 'local')]).toEqual([
    local(at).day,
    local(at).second,
  ]);
  expect([formatDay(at, 'utc'), formatSecond(at, 'utc')]).toEqual(['2024-05-14', '14:18:05']);
  expect([zoneName(at, 'utc'), formatInstant(at, 'utc'), formatInstant(now, 'utc')]).toEqual([
    'UTC',
    '2024-05-14 14:18:05 UTC',
    '2024-05-14 12:00 UTC',
  ]);
  const zoned = (minutes: number) =>
    zoneName(Object.assign(new Date(at), { getTimezoneOffset: () => -minutes }), 'local');
  expect([zoned(0), zoned(120), zoned(-210), zoned(330), zoned(65)]).toEqual([
    'UTC',
    'UTC+2',
    'UTC-3:30',
    'UTC+5:30',
    'UTC+1:05',
  ]);
  const moments: [string, string, string][] = [
    ['2024-05-14T01:02:03Z', '01:02:03', '01:02'],
    ['2024-05-13T12:00:00Z', '13 May 12:00', '13 May 12:00'],
    ['2024-04-14T12:00:00Z', '14 Apr 12:00', '14 Apr 12:00'],
    ['2023-05-14T12:00:00Z', '2023-05-14', '2023-05-14'],
  ];
  for (const [text, moment, clock] of moments) {
    expect(formatMoment(new Date(text), now, 'utc')).toBe(moment);
    expect(formatClock(new Date(text), now, 'utc')).toBe(clock);
  }
});
