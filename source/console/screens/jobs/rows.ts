import type { JobView } from '../../../domain/job/job.ts';
import {
  besidePane,
  type JobColumn,
  jobsTable,
  pinnedColumns,
} from '../../../presentation/job/columns.ts';
import { fitted, wrap } from '../../../presentation/text/fitted.ts';
import type { Zone } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import {
  cellOf,
  type LaidColumn,
  layoutColumns,
  scrolledColumns,
} from '../../../presentation/text/table.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { searchLimitText } from '../../../presentation/triage/search-limit.ts';
import { hasBell } from '../../background/bells.ts';
import { dialogsInTable } from '../../background/presence.ts';
import { type JobRow, rowsOf } from '../../model/job-rows.ts';
import { keyFor } from '../../model/key-hints.ts';
import { type JobsLayout, jobsLayout, paneWidth } from '../../model/layout.ts';
import { isStale } from '../../model/link.ts';
import { isAnswered } from '../../model/paging.ts';
import type { JobScreen, JobsScreen, State } from '../../model/state.ts';
import type { Size } from '../../terminal/size.ts';
import { blank, exactly, faded, filled, type Line, selected, span } from '../../widgets/spans.ts';
import { paneLines, paneTitle } from './pane.ts';
import { paneJob } from './pane-loading.ts';

export type Columns = readonly LaidColumn<JobColumn>[];

/** What there is to draw of the table. Equal parts are the same objects from frame to frame. */
export type JobTable = {
  layout: JobsLayout;
  columns: Columns;
  rows: readonly TableRow[];
  width: number;
  pane: { title: Line; lines: readonly Line[] } | null;
};

export type TableRow = {
  job: JobView | null;
  text: Line;
  columns: Columns;
  as_of: Date | null;
  zone: Zone;
  mark: '◆' | '';
  sign: '✎' | '♪' | '';
  faint: boolean;
  selected: boolean;
  stale: boolean;
  width: number;
  pane: Line | null;
};

export type ColumnsInput = Pick<JobsScreen, 'list' | 'gone'> & {
  width: number;
  wide: number | null;
  pane: boolean;
};

export function columnsInput(state: State): ColumnsInput {
  const pane = paneJob(state) !== null;
  const { list, gone } = state.jobs;
  // A column for the cursor's mark on the left, and a free one on the right.
  const width = tableWidth(state.size, pane) - (pane ? 4 : 2);
  return { list, gone, width, wide: state.wide, pane };
}

export function columnsOf({ list, gone, width, wide, pane }: ColumnsInput): Columns {
  const jobs = [...(list?.jobs ?? []), ...Object.values(gone)];
  if (wide === null) return layoutColumns(pane ? besidePane : jobsTable, jobs, width);
  const whole = layoutColumns(jobsTable, jobs, Number.POSITIVE_INFINITY);
  return scrolledColumns(whole, width, pinnedColumns, wide);
}

function tableWidth(size: Size, pane: boolean): number {
  return size.columns - (pane ? paneWidth(size) : 0);
}

export function jobTable(state: State, columns: Columns): JobTable {
  const layout = jobsLayout(state);
  const { jobs, options, size } = state;
  const open = paneJob(state);
  const width = tableWidth(size, open !== null);
  const pane = open && paneOf(state, open, paneWidth(size) - 3, layout.rows);
  const shown = rowsOf(jobs).slice(jobs.top, jobs.top + layout.rows);
  const texts = shown.length > 0 ? [] : emptyTable(state, layout.rows);
  const common = {
    columns,
    as_of: jobs.list?.as_of ?? null,
    zone: options.zone,
    stale: isStale(state),
    width,
  };
  const rows = Array.from({ length: layout.rows }, (_, index): TableRow => {
    const row: JobRow | undefined = shown[index];
    const id = row?.job.id;
    return {
      ...common,
      job: row?.job ?? null,
      text: texts[index] ?? blank,
      mark: id !== undefined && state.marks.has(id) ? '◆' : '',
      sign: id === undefined ? '' : signOf(state, id),
      faint: row !== undefined && (row.gone || row.unmatched),
      selected: id !== undefined && id === jobs.cursor,
      pane: pane?.lines[index] ?? null,
    };
  });
  return { layout, columns, rows, width, pane };
}

function signOf(state: State, id: string): TableRow['sign'] {
  if (dialogsInTable(state, id).length > 0) return '✎';
  return hasBell(state, id) ? '♪' : '';
}

function paneOf(state: State, job: JobScreen, width: number, height: number): JobTable['pane'] {
  return { title: paneTitle(job), lines: paneLines(state, job, width, height) };
}

export function headsLine(state: State, { columns, rows, width, pane }: JobTable): Line {
  const { column: sorted, descending } = state.jobs.sort;
  const heads = columns.map(({ column, width }) => {
    const mark = column.name === sorted ? (descending ? '▼' : '▲') : '';
    const title = width > column.title.length ? column.title + mark : mark || column.title;
    const text = ' '.repeat(column.gap) + fitted(width < 3 ? mark : title, width, column.align);
    return span(text, mark === '' ? 'dim' : 'strong');
  });
  const line = rows.some(({ job }) => job !== null) ? [span(' '), ...heads] : blank;
  return beside(line, pane?.title ?? null, width);
}

/** A row of the table, and beside it the pane's line: two leaves would cost twice as much. */
export function rowLine({ pane, ...row }: TableRow): Line {
  return withPane(tableLine(row, pane !== null), pane, row);
}

export function tableLine(row: Omit<TableRow, 'pane'>, isBesidePane: boolean): Line {
  return row.job === null ? row.text : jobCells(row, row.job, row.width - (isBesidePane ? 3 : 2));
}

export function withPane(
  table: Line,
  pane: Line | null,
  { width, stale }: Pick<TableRow, 'width' | 'stale'>,
): Line {
  const line = beside(table, pane, width);
  return stale ? faded(line) : line;
}

function jobCells(
  row: Pick<TableRow, 'columns' | 'as_of' | 'zone' | 'mark' | 'sign' | 'faint' | 'selected'>,
  job: JobView,
  width: number,
): Line {
  const context = { as_of: row.as_of!, zone: row.zone };
  const cells = row.columns.flatMap(({ column, width }, index) => {
    const { text, tone } = cellOf(column, job, { ...context, width });
    const sign =
      index === 0 && row.mark !== '' ? row.mark : column.name === 'asset' ? row.sign : '';
    const gap = sign === '' ? ' '.repeat(column.gap) : sign;
    return [span(gap, 'accent'), span(text, row.faint ? 'dim' : tone)];
  });
  return row.selected ? [span('▐', 'accent'), ...selected(cells, width)] : [span(' '), ...cells];
}

function beside(line: Line, pane: Line | null, width: number): Line {
  return pane === null ? line : [...filled(line, width - 1), span('│ ', 'dim'), ...pane];
}

function emptyTable(state: State, rows: number): Line[] {
  const texts = emptyTexts(state);
  const above = Math.max(0, Math.floor((rows - texts.length) / 3));
  return [
    ...exactly([], above),
    ...texts.flatMap((text, index) =>
      wrap(text, state.size.columns - 2).map((line): Line => {
        const left = Math.max(1, Math.floor((state.size.columns - widthOf(line)) / 2));
        return [span(' '.repeat(left) + line, index === 0 ? 'plain' : 'dim')];
      }),
    ),
  ];
}

function emptyTexts(state: State): string[] {
  const { list, filter } = state.jobs;
  if (list === null) return ['loading jobs …'];
  if (!isAnswered(state.jobs)) return ['searching all jobs …'];
  if (filter.text !== '' && Object.keys(list.counts).length > 0) {
    const none =
      list.page.searched === null
        ? 'no job matches the filter'
        : `none${searchLimitText(list.page)}`;
    return [none, `${keyFor(state, 'back')} clears it`];
  }
  const tenant = safeText(list.tenant_id, { cap: 300 });
  // Under row-level security a tenant that does not exist looks like one without jobs.
  return list.page.visible
    ? [`tenant ${tenant} has no jobs`, 'Start one: servo-tui start ASSET --start DATE --end DATE']
    : [
        `no visibility: no job, asset or executor of tenant ${tenant}`,
        "check the tenant's name: this is not an all-clear",
        'see: servo-tui doctor',
      ];
}
