import { describe, expect, test } from 'vitest';
import { besidePane, jobColumns, jobsTable } from '../../source/presentation/job/columns.ts';
import { cellOf, layoutColumns } from '../../source/presentation/text/table.ts';
import { widthOf } from '../../source/presentation/text/width.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

function row(job = aJob(), width = 160): Record<string, string> {
  return Object.fromEntries(
    layoutColumns(jobsTable, [job], width).map(({ column, width }) => [
      column.name,
      cellOf(column, job, { as_of: now, zone: 'utc', width }).text.trim(),
    ]),
  );
}

const names = (width: number, jobs = [aJob()]) =>
  layoutColumns(jobsTable, jobs, width).map(({ column }) => column.name);

const total = (width: number, jobs = [aJob()], table = jobsTable) =>
  layoutColumns(table, jobs, width).reduce((sum, { column, width }) => sum + column.gap + width, 0);

const later = (seconds: number) => secondsAgo(-seconds);

describe('the columns that fit', () => {
  const long = [
    aJob({ asset_name: 'a_very_long_name_for_an_asset_that_fits_no_column_of_a_table' }),
  ];

  test('never take more than there is, at any width', () => {
    for (let width = 4; width <= 220; width += 1) {
      expect(total(width), `${width}`).toBeLessThanOrEqual(width);
      expect(total(width, long), `${width}`).toBeLessThanOrEqual(width);
      expect(total(width, long, besidePane), `pane ${width}`).toBeLessThanOrEqual(width);
    }
  });

  test('at 78 the state is its glyph, the bar has 8 cells, and SLOTS, PRI, /MIN, HB are gone', () => {
    expect(names(78, long)).toEqual([
      'state',
      'asset',
      'progress',
      'done',
      'percent',
      'failed',
      'eta',
      'sla',
    ]);
    const laid = Object.fromEntries(
      layoutColumns(jobsTable, long, 78).map((l) => [l.column.name, l.width]),
    );
    expect(laid).toMatchObject({ state: 1, progress: 8 });
  });

  test('drop in the order of the screens page: slots, priority, rate, heartbeat', () => {
    const order = ['slots', 'priority', 'rate', 'heartbeat'];
    const lastSeen = order.map((name) => {
      let width = 200;
      while (names(width, long).includes(name)) width -= 1;
      return width;
    });
    expect(lastSeen).toEqual([...lastSeen].sort((a, b) => b - a));
    expect(new Set(lastSeen).size).toBe(4);
  });

  test('a long name is not truncated where there is space', () => {
    const laid = layoutColumns(jobsTable, long, 200).find(({ column }) => column.name === 'asset')!;
    expect(laid.width).toBe(widthOf(long[0]!.asset_name));
  });

  test('no jobs at all still gives a heading', () => expect(names(80, [])).toContain('asset'));
});

describe('a row says', () => {
  test('how a healthy job is', () => {
    expect(row(aJob({ sla_deadline_at: later(7200) }))).toMatchObject({
      state: '● running',
      asset: 'orders_daily',
      done: '40/100',
      percent: '40%',
      failed: '0',
      rate: '2.0',
      eta: '12:15 in 15m',
      sla: 'on track 1h45m',
      priority: '5',
      heartbeat: '<30s',
      slots: '2',
    });
  });

  test.each([
    [2520, 20, '12:15 in 15m ↗42m'],
    [2520, 14, 'in 15m ↗42m'],
    [2520, 8, 'in 15m'],
    [-180, 20, '12:15 in 15m ↘3m'],
    [60, 20, '12:15 in 15m'],
  ])('that its ETA has moved by %s s, in %s columns', (slip, width, words) => {
    const eta_trend = {
      base: { at: secondsAgo(900), eta: later(900 - slip) },
      least_average_ms: 30_000,
      most_average_ms: 30_000,
    };
    const job = aJob({ eta_trend });
    const column = jobColumns.find(({ name }) => name === 'eta')!;
    expect(column.width([job])).toBe(Math.abs(slip) < 120 ? 15 : 20);
    expect(cellOf(column, job, { as_of: now, zone: 'utc', width }).text.trim()).toBe(words);
  });

  // Was 100/100 and 100%.
  test('how far a cancelled job came', () => {
    const cancelled = aJob({ state: 'cancelled', skipped_partitions: 60, running_slots: 0 });
    expect(row(cancelled)).toMatchObject({ done: '40/100', percent: '40%' });
  });

  test('that a stuck job has no ETA and an unknown risk, not old figures', () => {
    const stuck = aJob({ heartbeat_at: secondsAgo(840), sla_deadline_at: later(7200) });
    expect(row(stuck)).toMatchObject({ heartbeat: '14m!', eta: 'unknown', sla: 'unknown' });
  });

  test.each([
    [{ sla_deadline_at: later(800) }, 'late by 2m low'],
    [{ sla_deadline_at: later(700) }, 'late by 3m MED'],
    [{ sla_deadline_at: later(552) }, 'late by 6m HIGH'],
    [{ sla_deadline_at: later(10) }, 'late by 15m HIGH'],
    [{ sla_deadline_at: secondsAgo(1200) }, 'BREACHED 20m ago'],
    [{ sla_deadline_at: later(10), state: 'completed', completed_at: secondsAgo(60) }, 'met'],
    [
      { sla_deadline_at: secondsAgo(90), state: 'completed', completed_at: secondsAgo(60) },
      'missed by 30s',
    ],
    [{ sla_deadline_at: later(100), state: 'failed', completed_at: secondsAgo(60) }, 'not met'],
    [{ sla_deadline_at: secondsAgo(90), state: 'failed', completed_at: secondsAgo(60) }, 'not met'],
    [{ sla_deadline_at: later(900 + 47) }, 'on track 40s'],
    [{ sla_deadline_at: later(900 + 3) }, 'on track <10s'],
    [{ sla_deadline_at: later(10), state: 'cancelled' }, '–'],
  ])('its risk %#', (overrides, sla) => expect(row(aJob(overrides)).sla).toBe(sla));

  test.each([
    [{ state: 'paused', paused_at: secondsAgo(720) }, 'paused 12m'],
    [{ state: 'resuming', heartbeat_at: secondsAgo(720) }, 'unclaimed 12m'],
    [{ state: 'resuming', heartbeat_at: secondsAgo(2) }, 'to be claimed'],
    [
      { state: 'waiting_upstream', upstream_job_count: 3, completed_upstream_jobs: 1 },
      'waits for 2',
    ],
    [{ state: 'pending', avg_partition_duration_ms: null }, '–'],
    [{ state: 'pending' }, 'needs 8m'],
    [{ state: 'completed', completed_at: now }, 'took 20m'],
    [{ state: 'failed', completed_at: now }, 'after 20m'],
    [{ state: 'cancelled' }, '–'],
    [{ avg_partition_duration_ms: null }, '–'],
  ])('what it waits for %#', (overrides, eta) => expect(row(aJob(overrides)).eta).toBe(eta));

  test('an unknown state as it is, with nothing else lost', () => {
    expect(row(aJob({ state: 'quarantined' }))).toMatchObject({
      state: '? quarantined',
      done: '40/100',
    });
  });

  test('a job of which next to nothing is known', () => {
    const bare = aJob({
      total_partitions: 0,
      completed_partitions: 0,
      started_at: null,
      heartbeat_at: null,
      checkpoint_partition_key: null,
      avg_partition_duration_ms: null,
      created_by: null,
      rate_base: null,
      running_slots: 0,
    });
    expect(row(bare, 220)).toMatchObject({
      done: '0/0',
      percent: '0%',
      rate: '–',
      eta: 'unknown',
      sla: '–',
      heartbeat: 'none',
      slots: '–',
      checkpoint: '–',
      by: '–',
    });
  });

  test('the same bytes when only the clock has moved on', () => {
    const later = new Date(now.getTime() + 3000);
    const columns = { state: 'pending', heartbeat_at: null, started_at: null } as const;
    const at = (clock: Date) =>
      jobColumns.map((column) =>
        cellOf(column, aJob({ ...columns, created_at: secondsAgo(3600) }, clock), {
          as_of: clock,
          zone: 'utc',
          width: 16,
        }),
      );
    expect(at(later)).toEqual(at(now));
  });
});
