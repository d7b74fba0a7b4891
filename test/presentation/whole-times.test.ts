import { expect, test } from 'vitest';
import { executorTable } from '../../source/presentation/executor/table.ts';
import { besidePane, jobsTable, pinnedColumns } from '../../source/presentation/job/columns.ts';
import { eventTable } from '../../source/presentation/report/event-table.ts';
import { riskTable } from '../../source/presentation/risk/columns.ts';
import {
  type Column,
  cellOf,
  type LaidColumn,
  layoutColumns,
  scrolledColumns,
  type Table,
} from '../../source/presentation/text/table.ts';
import { alertTable } from '../../source/presentation/triage/alert-table.ts';
import { alertsText } from '../../source/presentation/triage/alert-text.ts';
import { checkTable, triageTable } from '../../source/presentation/triage/check-table.ts';
import {
  alertRows,
  eventRows,
  executorRows,
  finding,
  foundRows,
  jobRows,
  late,
  riskBoardRows,
  summaries,
} from '../support/board-rows.ts';
import { now } from '../support/jobs.ts';

/** The clock at which the rows are shown: on their day, and on other days and in other years. */
const clocks = [0, -1, 1, -6, 9, -300, 300].map(
  (days) => new Date(now.getTime() + days * 86_400_000),
);
const widths = Array.from({ length: 200 }, (_, index) => index + 1);

const time = String.raw`\b\d\d:\d\d|\d{1,2} [A-Z][a-z]{2}\b|\d\d-\d\d-\d\d`;
const wholeTime = new RegExp(time);

/** Columns of partition keys, which are texts that look like times. */
const keyColumns = ['happened', 'checkpoint', 'range'];

function cutTimes<Row>(table: Table<Row>, rows: readonly Row[], scrolled = 0): string[] {
  const layouts = widths.flatMap((width): LaidColumn<Column<Row>>[][] => {
    if (scrolled === 0) return [layoutColumns(table, rows, width)];
    const all = layoutColumns(table, rows, Number.POSITIVE_INFINITY);
    return all.map((_, first) => scrolledColumns(all, width, scrolled, first));
  });
  const cells = new Map(
    layouts.flat().map((one) => [`${one.column.name} ${one.width}`, one] as const),
  );
  return [...cells.values()].flatMap(({ column, width }) => {
    if (table !== (riskTable as unknown) && keyColumns.includes(column.name)) return [];
    return clocks.flatMap((as_of) =>
      rows.flatMap((row) => {
        const context = { as_of, zone: 'utc', width } as const;
        const shown = cellOf(column, row, context).text.trim();
        const cut = shown.endsWith('…') && shown !== '…';
        const last = column.phrase(row, context).forms.at(-1)!;
        return cut && wholeTime.test(last) ? [`${column.name} ${width}: ${shown}`] : [];
      }),
    );
  });
}

test('no cell of a table ends in a cut clock or date, on any day and at any width', () => {
  const items = <Row>(rows: readonly Row[]) => rows.map((row) => ({ row, job: late }));
  expect([
    ...cutTimes(jobsTable, jobRows),
    ...cutTimes(besidePane, jobRows),
    ...cutTimes(jobsTable, jobRows, pinnedColumns),
    ...cutTimes(riskTable, items(riskBoardRows)),
    ...cutTimes(executorTable, items(executorRows)),
    ...cutTimes(alertTable, items(alertRows)),
    ...cutTimes(triageTable, items(summaries)),
    ...cutTimes(checkTable(finding), items(foundRows)),
    ...cutTimes(eventTable, items(eventRows)),
  ]).toEqual([]);
});

test('no line of a report ends in a cut clock or date', () => {
  const cutTime = new RegExp(`(${time})[^ ]{0,6}( \\d\\d?:?)?…`);
  const lines = clocks.flatMap((as_of) =>
    widths.flatMap((width) =>
      alertsText({ as_of, tenant_id: 'acme', alerts: alertRows } as never, {
        width,
        zone: 'utc',
      }).split('\n'),
    ),
  );
  expect([...new Set(lines.filter((line) => cutTime.test(line)))]).toEqual([]);
});
