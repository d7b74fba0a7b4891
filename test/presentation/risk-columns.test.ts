import { describe, expect, test } from 'vitest';
import { noChange, type WhatIf } from '../../source/domain/forecast/what-if.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { riskRows } from '../../source/domain/risk/board.ts';
import { riskTable } from '../../source/presentation/risk/columns.ts';
import { cellOf, layoutColumns } from '../../source/presentation/text/table.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';
import { riskBoardOf } from '../support/snapshots.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);

/** The jobs of the sketch, at noon: 134 minutes to go, 82 to the deadline. */
const weather = aJob({
  number: 1,
  asset_name: 'weather_hourly',
  total_partitions: 804,
  completed_partitions: 0,
  avg_partition_duration_ms: 60_000,
  execution_strategy: { type: 'parallel', max_parallel: 12 },
  running_slots: 6,
  priority: 8,
  sla_deadline_at: inSeconds(82 * 60),
});
const sessions = aJob({
  number: 2,
  asset_name: 'sessions',
  heartbeat_at: secondsAgo(840),
  sla_deadline_at: inSeconds(3600),
});
const revenue = aJob({
  number: 3,
  asset_name: 'revenue_daily',
  state: 'pending',
  running_slots: 0,
  avg_partition_duration_ms: null,
  sla_deadline_at: secondsAgo(1200),
});

function table(width: number, what: WhatIf, jobs: JobView[] = [weather, sessions, revenue]) {
  const board = riskBoardOf(jobs, 6);
  const items = riskRows(board, what).map((row) => ({ row, job: row }));
  const laid = layoutColumns(riskTable, items, width);
  return items.map((item) =>
    Object.fromEntries(
      laid.map(({ column, width }) => [
        column.name,
        cellOf(column, item, { as_of: now, zone: 'utc', width }).text.trim(),
      ]),
    ),
  );
}

describe('the calculator says', () => {
  test('how each stands, and never an old figure for what is not known', () => {
    expect(table(160, noChange)).toMatchObject([
      { job: 'revenue_daily', eta: '–', deadline: '11:40', severity: 'BREACHED 20m ago' },
      {
        job: 'weather_hourly',
        eta: '14:14',
        deadline: '13:22',
        severity: 'late by 52m (HIGH 63%)',
        figure: '= 52m / 1h22m',
        slots: '6',
      },
      { job: 'sessions', eta: '–', severity: 'unknown', figure: 'no heartbeat for 14m' },
    ]);
  });

  test('without a what-if nothing of it', () => {
    const [row] = table(200, noChange);
    expect(Object.keys(row!)).not.toContain('what-if');
  });

  test('how it would stand, by what, and what stays as it is', () => {
    const what = { ...noChange, slots: 9, parallel: { [weather.id]: 13 } };
    const [late, high, stuck] = table(200, what);
    expect(high).toMatchObject({
      'what-if': '→ 13:30 late by 8m (low 9%)',
      'what-if-figure': '= 8m / 1h22m',
      by: '×13',
      moved: '−44m',
    });
    expect([late!['what-if'], stuck!['what-if'], stuck!.by]).toEqual(['=', '=', '']);
  });

  test('what was paused, moved and tried again', () => {
    const failed = { ...weather, failed_partitions: 4, incomplete_partitions: 4 };
    const what = {
      ...noChange,
      pause: [weather.id],
      retry_failed: [weather.id],
      deadline: { [weather.id]: inSeconds(172 * 60) },
    };
    expect(table(200, what, [failed])[0]!.by).toBe('paused, retry 4, deadline +1h30m');
  });

  test('the severity and its outcome down to 40 columns, the figure at 80', () => {
    const what = { ...noChange, slots: 9 };
    for (const width of [40, 60, 78]) {
      const row = table(width, what)[1]!;
      expect(row.severity, `${width}`).toMatch(/^late by 52m HIGH|^HIGH \+52m/);
      expect(row['what-if'], `${width}`).toMatch(/low/);
    }
    expect(table(78, noChange)[1]).toMatchObject({ figure: '= 52m / 1h22m', eta: '14:14' });
  });
});
