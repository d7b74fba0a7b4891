import { describe, test } from 'vitest';
import type { JobView } from '../../source/domain/job/job.ts';
import { executorTable } from '../../source/presentation/executor/table.ts';
import { besidePane, jobsTable } from '../../source/presentation/job/columns.ts';
import { eventTable } from '../../source/presentation/report/event-table.ts';
import { riskTable } from '../../source/presentation/risk/columns.ts';
import { fitted } from '../../source/presentation/text/fitted.ts';
import { cellOf, layoutColumns, type Table } from '../../source/presentation/text/table.ts';
import { alertTable } from '../../source/presentation/triage/alert-table.ts';
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
import { expectTexts } from '../support/texts.ts';

const widest = 320;

/** The table as it stands on a terminal of this width: headings and rows, each cell's tone. */
function picture<Row>(table: Table<Row>, rows: readonly Row[], width: number): string[] {
  const laid = layoutColumns(table, rows, width);
  const line = (cells: readonly string[]) =>
    `│${cells.map((cell, at) => ' '.repeat(laid[at]!.column.gap) + cell).join('')}│`;
  const context = { as_of: now, zone: 'utc' } as const;
  return [
    line(laid.map(({ column, width }) => fitted(column.title, width, column.align))),
    ...rows.map((row) =>
      line(laid.map(({ column, width }) => cellOf(column, row, { ...context, width }).text)),
    ),
    ...rows.map(
      (row) =>
        ` ${laid.map(({ column, width }) => column.phrase(row, { ...context, width }).tone)}`,
    ),
  ];
}

/**
 * The columns of every width: a line where something else begins to grow than before, so that the
 * widths between two lines follow from them.
 */
function courses<Row>(table: Table<Row>, rows: readonly Row[]): string[] {
  const at = (width: number) =>
    layoutColumns(table, rows, width).map(({ column, width }) => [column.name, width] as const);
  const growth = (width: number) => {
    const before = new Map(at(width - 1));
    return at(width)
      .map(([name, now]) => `${name}${now - (before.get(name) ?? 0)}`)
      .join(' ');
  };
  return Array.from({ length: widest }, (_, index) => index + 1)
    .filter((width) => width === 1 || growth(width) !== growth(width + 1))
    .map((width) =>
      [`${width}`.padStart(3), ...at(width).map(([name, now]) => `${name} ${now}`)].join('  '),
    );
}

const item = <Row>(row: Row) => ({ row, job: late as JobView | null });
/** The last one is of a job that was deleted. */
const journal = eventRows.map((row, at) => ({ row, job: at < 2 ? late : null }));

const tables: [name: string, Table<never>, rows: readonly unknown[]][] = [
  ['jobs', jobsTable, jobRows],
  ['jobs beside the pane', besidePane, jobRows],
  ['no jobs', jobsTable, []],
  ['risk with a what-if', riskTable, riskBoardRows.map(item)],
  ['risk', riskTable, riskBoardRows.map((row) => item({ ...row, what_if: null }))],
  ['triage', triageTable, summaries.map(item)],
  ['a check', checkTable(finding), foundRows.map(item)],
  ['alerts', alertTable, alertRows.map(item)],
  ['journal', eventTable, journal],
  ['executors', executorTable, executorRows.map(item)],
];

describe('each table at every width from 1 to 320, and as it is read on 40, 80, 120 and any width', () => {
  test.each(tables)('%s', async (name, table, rows) => {
    const drawn = [40, 80, 120, Number.POSITIVE_INFINITY].flatMap((width) => [
      '',
      ...picture(table as Table<unknown>, rows, width),
    ]);
    const told = [...courses(table as Table<unknown>, rows), ...drawn];
    await expectTexts(`table-${name.replaceAll(' ', '-')}`, told);
  });
});
