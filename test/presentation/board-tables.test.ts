import { describe, expect, test } from 'vitest';
import type { ExecutorView } from '../../source/domain/executor/executor.ts';
import type { JobEvent } from '../../source/domain/job/detail.ts';
import type { Alert } from '../../source/domain/triage/alerts.ts';
import type { CheckSummary, Finding, FoundRow } from '../../source/domain/triage/checks.ts';
import { executorDetail, executorTable } from '../../source/presentation/executor/table.ts';
import { eventDetail, eventTable } from '../../source/presentation/report/event-table.ts';
import { formatBuffer } from '../../source/presentation/risk/risk-text.ts';
import type { Detail, Item } from '../../source/presentation/text/item.ts';
import { layoutColumns, type Table } from '../../source/presentation/text/table.ts';
import type { Cell } from '../../source/presentation/text/tone.ts';
import { alertDetail, alertTable } from '../../source/presentation/triage/alert-table.ts';
import {
  checkDetail,
  checkTable,
  triageDetail,
  triageTable,
} from '../../source/presentation/triage/check-table.ts';
import { evidenceLine } from '../../source/presentation/triage/evidence-line.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const context = { as_of: now, zone: 'utc', width: 200, keys: { pause: 'p' } } as const;
const job = aJob({ number: 1, asset_name: 'orders' });

/** The long form of each cell, and its tone. */
const cells = <Row>(table: Table<Item<Row>>, row: Row, of = job as typeof job | null) =>
  Object.fromEntries(
    table.columns.map(({ name, phrase }) => {
      const { forms, tone } = phrase({ row, job: of }, context);
      return [name, `${forms[0]} / ${tone}`];
    }),
  );
const short = <Row>(table: Table<Item<Row>>, row: Row, name: string) =>
  table.columns
    .find((column) => column.name === name)!
    .phrase({ row, job }, context)
    .forms.at(-1);
const lines = (detail: Cell[][]) => detail.map((line) => line.map(({ text }) => text).join(''));
const tones = (detail: Cell[][]) => detail.map((line) => line.map(({ tone }) => tone).join(' '));
const told = <Row, Data>(
  detail: Detail<Row, Data>,
  row: Row,
  data: Data,
  of = job as typeof job | null,
) => detail({ row, job: of }, context, data);

/** What every table keeps to, whatever its rows: names that are there, and a layout at each width. */
function hasOrder<Row>(table: Table<Row>, rows: readonly Row[]): void {
  const names = table.columns.map(({ name }) => name);
  const named = [
    ...table.narrowings.map(({ column }) => column),
    ...table.expansions.map(([name]) => name),
  ];
  expect(named.filter((name) => !names.includes(name))).toEqual([]);
  let before = 0;
  for (let width = 1; width <= 200; width++) {
    const laid = layoutColumns(table, rows, width);
    const total = laid.reduce((sum, one) => sum + one.width + one.column.gap, 0);
    expect(laid.length).toBeGreaterThan(0);
    expect(laid.length).toBeGreaterThanOrEqual(before);
    if (width >= 5) expect(total).toBeLessThanOrEqual(width);
    before = laid.length;
  }
  expect(before).toBe(names.length);
}

describe('alerts', () => {
  const alert: Alert = {
    name: 'ServoBackfillJobStuck',
    severity: 'critical',
    description: 'Job not making progress',
    section: { runbook: 'backfill-operations', heading: 'Related Alerts' },
    check: 'stuck',
    firing: true,
    threshold: { value: 300, kind: 'seconds' },
    lasting_seconds: 0,
    figure: { value: 840, kind: 'seconds' },
    column: { name: 'age', title: 'heartbeat', kind: 'seconds' } as Alert['column'],
    since: secondsAgo(540),
    found: 2,
    truncated: false,
    jobs: [
      { job_id: job.id, asset_name: 'orders', state: 'running', since: null, value: 840 },
      { job_id: null, asset_name: 'clicks', state: null, since: null, value: null },
    ],
  };
  const warning: Alert = { ...alert, severity: 'warning' };
  const quiet: Alert = { ...alert, firing: false, figure: null, since: null, found: 0, jobs: [] };
  const coming: Alert = { ...quiet, found: 1, lasting_seconds: 300 };

  test('each row by what it is: firing, coming or quiet', () => {
    expect(cells(alertTable, alert)).toEqual({
      state: '▲ firing / bad',
      alert: 'ServoBackfillJobStuck / plain',
      severity: 'critical / bad',
      figure: expect.stringMatching(/^14m.* \/ bad$/),
      limit: expect.stringMatching(/5m.* \/ dim$/),
      found: '2 / plain',
      since: '9m / plain',
      description: 'Job not making progress / dim',
    });
    expect(cells(alertTable, warning)).toMatchObject({
      state: '▲ firing / warn',
      severity: 'warning / warn',
    });
    expect(cells(alertTable, quiet)).toMatchObject({
      state: '· ok / dim',
      alert: 'ServoBackfillJobStuck / dim',
      found: expect.stringMatching(/^– \//),
      since: expect.stringMatching(/^– \//),
    });
    expect(cells(alertTable, coming).state).toBe('◌ coming / dim');
    expect([alert, quiet, coming].map((row) => short(alertTable, row, 'state'))).toEqual([
      '▲',
      '·',
      '◌',
    ]);
    expect(short(alertTable, alert, 'alert')).toBe('JobStuck');
    hasOrder(
      alertTable,
      [alert, quiet].map((row) => ({ row, job })),
    );
  });

  test('the one that is selected says what it means, and its jobs', () => {
    const detail = told(alertDetail, alert, null);
    expect(lines(detail)).toEqual([
      expect.stringMatching(/^ServoBackfillJobStuck fires: heartbeat 14m.*5m/),
      expect.stringMatching(/^Job not making progress \(.*Related Alerts.*\)$/),
      expect.stringMatching(/^orders 00000001 {2}heartbeat 14m/),
      expect.stringMatching(/^clicks {2}heartbeat –?/),
    ]);
    expect(tones(detail)).toEqual(['strong bad', 'dim', 'plain dim plain', 'plain dim plain']);
    const counted = { ...alert, figure: { value: 2, kind: 'count' as const } };
    expect(lines(told(alertDetail, counted, null))[0]).toMatch(/ fires: 2 found, /);
    expect(lines(told(alertDetail, quiet, null))[0]).toMatch(/ is quiet: it fires at .*5m/);
    expect(lines(told(alertDetail, coming, null))[0]).toMatch(/ is coming: it fires at /);
  });
});

const section = { runbook: 'backfill-operations', heading: 'Scenario' } as const;
const remedy = {
  action: 'pause',
  text: 'Pause it.',
  states: ['running'],
  command: null,
  sql: null,
} as const;
const definition = {
  name: 'stuck',
  title: 'Stuck jobs',
  meaning: 'No heartbeat.',
  severity: 'critical',
  section,
  figure: 'age',
  columns: [
    { name: 'state', title: 'state', kind: 'text' },
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'age', title: 'age', kind: 'seconds' },
  ],
  remedies: [remedy, { ...remedy, action: 'look', text: 'Look at it.', states: null }],
} as unknown as CheckSummary['check'];
const found: FoundRow = {
  job_id: job.id,
  asset_name: 'orders',
  state: 'running',
  version: 7,
  since: null,
  cells: { state: 'running', asset_name: 'orders', age: 840 },
};

describe('checks', () => {
  const summary = (count: number, severity: string): CheckSummary =>
    ({
      check: { ...definition, severity },
      found: count,
      truncated: false,
      sql: '',
      worst:
        count === 0
          ? null
          : {
              job_id: job.id,
              asset_name: 'orders',
              since: null,
              value: 840,
              column: definition.columns[2],
            },
    }) as CheckSummary;

  test('each by what it finds: what cannot wait has a mark', () => {
    expect(cells(triageTable, summary(2, 'critical'))).toEqual({
      check: 'Stuck jobs / plain',
      found: '▲ 2 / bad',
      worst: expect.stringMatching(/orders.*14m.* \/ bad$/),
      runbook: expect.stringMatching(/Scenario.* \/ dim$/),
    });
    expect(cells(triageTable, summary(1, 'warning')).found).toBe('1 / warn');
    expect(cells(triageTable, summary(1, 'notice')).found).toBe('1 / plain');
    expect(cells(triageTable, summary(0, 'critical'))).toMatchObject({
      check: 'Stuck jobs / dim',
      found: expect.stringMatching(/^[^▲]* \/ dim$/),
    });
    hasOrder(triageTable, [{ row: summary(1, 'critical'), job }]);
    const detail = told(triageDetail, summary(1, 'critical'), null);
    expect(lines(detail)).toEqual(['Stuck jobs', 'No heartbeat.', 'p Pause it.', '· Look at it.']);
    expect(tones(detail)).toEqual(['strong', 'plain', 'accent plain', 'accent plain']);
  });

  const finding = {
    as_of: now,
    tenant_id: 'acme',
    check: definition,
    job_id: null,
    columns: definition.columns,
    sql: '',
    rows: [found],
    truncated: false,
  } as Finding;

  test('what one of them finds, in its own columns', () => {
    const table = checkTable(finding);
    expect(cells(table, found)).toEqual({
      state: 'running / plain',
      asset_name: 'orders / plain',
      age: expect.stringMatching(/^14m.* \/ bad$/),
    });
    expect(table.columns.map(({ title, align, gap }) => [title, align, gap])).toEqual([
      ['STATE', 'left', 1],
      ['ASSET', 'left', 2],
      ['AGE', 'right', 2],
    ]);
    // The asset stays longest, then the figure; the others go first.
    expect(table.narrowings).toEqual([
      { column: 'state', to: 12, elastic: true },
      { column: 'age', to: 12, elastic: true },
      { column: 'asset_name', to: 20, elastic: true },
      { column: 'state', to: 0 },
      { column: 'age', to: 0 },
      { column: 'asset_name', to: 1, elastic: true },
    ]);
    expect(table.expansions).toEqual([['asset_name'], ['state'], ['age']]);
    const without = {
      ...finding,
      columns: finding.columns.filter(({ name }) => name !== 'asset_name'),
    };
    expect(checkTable(without).expansions).toEqual([['state'], ['age']]);
    expect(checkTable(null)).toEqual({ columns: [], narrowings: [], expansions: [] });
  });

  test('what to do about a row, or why it cannot be done', () => {
    expect(lines(told(checkDetail, found, finding))).toEqual([
      'No heartbeat.',
      'p Pause it.',
      '· Look at it.',
      expect.stringMatching(/^runbook: .*Scenario/),
    ]);
    const paused = told(checkDetail, { ...found, state: 'paused' }, finding);
    expect(lines(paused)[1]).toMatch(/^p Pause it\. \(.*running.*\)$/);
    expect(tones(paused)[1]).toBe('dim dim warn');
  });

  test('a row in a line: what is obvious or not known is left out', () => {
    expect(evidenceLine(definition.columns, found, context)).toMatch(/^age 14m/);
    expect(
      evidenceLine(definition.columns, { ...found, cells: { ...found.cells, age: null } }, context),
    ).toBe('');
    const more = [
      ...definition.columns,
      { name: 'by', title: 'claimed by', kind: 'text' },
    ] as never;
    expect(
      evidenceLine(more, { ...found, cells: { ...found.cells, by: 'web-2' } }, context),
    ).toMatch(/^age 14m.* · claimed by web-2$/);
  });
});

describe('the journal', () => {
  const event: JobEvent = {
    id: 1,
    job_id: job.id,
    partition_key: null,
    kind: 'state',
    from_state: 'running',
    to_state: 'paused',
    actor: 'mara',
    login: 'mara',
    reason: 'why',
    at: secondsAgo(90),
  };
  test('each line: when, of what, what, by whom and why', () => {
    expect(cells(eventTable, event)).toEqual({
      at: '11:58:30 / dim',
      asset: 'orders / plain',
      job: '00000001 / dim',
      happened: expect.stringMatching(/^running → paused \/ /),
      by: 'mara / dim',
      reason: 'why / plain',
    });
    const other = {
      ...event,
      reason: null,
      kind: 'failed',
      partition_key: '2024-03-12',
      from_state: null,
      to_state: null,
    };
    expect(cells(eventTable, other, null)).toMatchObject({
      asset: '00000001 / dim',
      happened: expect.stringMatching(/2024-03-12.*failed \/ bad$|2024-03-12.*failed \//),
      reason: expect.stringMatching(/^– \//),
    });
    hasOrder(eventTable, [{ row: event, job }]);
    const reason = eventTable.columns.find(({ name }) => name === 'reason')!;
    expect([reason.width([]), reason.width([{ row: event, job }])]).toEqual([6, 20]);
  });

  test('the one that is selected', () => {
    expect(lines(told(eventDetail, event, null))).toEqual([
      expect.stringMatching(/^orders 00000001 {2}running → paused$/),
      '11:58:30, 1m ago, by mara',
      'why',
    ]);
    const gone = told(eventDetail, { ...event, reason: null }, null, null);
    expect(lines(gone)).toEqual([
      expect.stringMatching(/^00000001 00000001/),
      expect.any(String),
      expect.stringMatching(/^the job was deleted$/),
    ]);
    expect(tones(gone).at(-1)).toBe('warn');
  });
});

describe('executors', () => {
  const executor: ExecutorView = {
    id: 'web-1:812:ab12',
    host: 'web-1',
    pid: 812,
    version: '0.1.0',
    slots: 4,
    handlers: ['orders', 'clicks'],
    catalogue: null,
    outages: [],
    started_at: secondsAgo(7200),
    seen_at: secondsAgo(2),
    hold_reason: null,
    draining_at: null,
    lost_at: null,
    stopped_at: null,
    slots_busy: 2,
    running: ['a', 'b'].map((partition_key) => ({
      job_id: job.id,
      asset_name: 'orders',
      partition_key,
      attempt: 3,
      started_at: secondsAgo(61),
    })),
    state: 'alive',
    state_since: secondsAgo(7200),
  };
  const idle: ExecutorView = {
    ...executor,
    running: [],
    slots_busy: 0,
    handlers: [],
    state: 'on_hold',
    hold_reason: 'replication lag',
    catalogue: 'c0ffee',
  };

  test('each by its state, and what it runs', () => {
    expect(cells(executorTable, executor)).toEqual({
      state: '● alive / good',
      since: '2h / plain',
      executor: expect.stringMatching(/^web-1.* \/ plain$/),
      slots: '2/4 / plain',
      runs: 'orders / plain',
      handlers: 'orders, clicks / dim',
      version: '0.1.0 / dim',
    });
    expect(cells(executorTable, idle)).toMatchObject({
      state: '‖ on hold / warn',
      slots: '0/4 / dim',
      runs: expect.stringMatching(/^– \//),
    });
    const states = ['draining', 'silent', 'lost', 'stopped'] as const;
    expect(states.map((state) => cells(executorTable, { ...executor, state }).state)).toEqual([
      '◌ draining / accent',
      '? silent / warn',
      '✗ lost / bad',
      '⊘ stopped / dim',
    ]);
    expect([
      short(executorTable, executor, 'state'),
      short(executorTable, executor, 'handlers'),
    ]).toEqual(['●', '2 handlers']);
    hasOrder(executorTable, [{ row: executor, job }]);
  });

  test('the one that is selected: what it is, has, lacks and runs', () => {
    const detail = told(executorDetail, executor, null);
    expect(lines(detail)).toEqual([
      expect.stringMatching(/^web-1:812:ab12 · alive for 2h: claims and runs partitions$/),
      '4 slots · started 10:00:00 · last seen <30s ago · handlers: orders, clicks',
      'runs orders 00000001  a for 1m, attempt 3',
      'runs orders 00000001  b for 1m, attempt 3',
    ]);
    const trouble = {
      asset: 'orders',
      kind: 'endpoint',
      message: 'refused',
      since: secondsAgo(120),
    } as const;
    const bad = told(executorDetail, { ...idle, outages: [trouble] }, null);
    expect(lines(bad)).toEqual([
      expect.stringMatching(/ · on hold for 2h: claims nothing for now$/),
      '4 slots · started 10:00:00 · last seen <30s ago · catalogue c0ffee · handlers: none',
      'on hold: replication lag',
      'endpoint unavailable for orders since 2m: refused',
    ]);
    expect(tones(bad).slice(1)).toEqual(['dim', 'warn', 'warn']);
  });
});

test('a buffer in whole per cent, rounded down, and no further than three figures', () => {
  const cases: [number, string][] = [
    [0, '0%'],
    [0.099, '9%'],
    [0.29, '29%'],
    [-0.001, '−1%'],
    [9.99, '999%'],
    [9.991, '>999%'],
    [-9.99, '−999%'],
    [-9.991, '<−999%'],
  ];
  for (const [buffer, text] of cases) expect(formatBuffer(buffer)).toBe(text);
});
