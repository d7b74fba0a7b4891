import { type JobRow, rowsOf } from '../../../console/arrange.ts';
import { hasBell } from '../../../console/bells.ts';
import { keyFor } from '../../../console/key-hints.ts';
import { jobsLayout, paneWidth } from '../../../console/layout.ts';
import { dialogsInTable } from '../../../console/other-dialogs.ts';
import { isAnswered } from '../../../console/paging.ts';
import { paneJob } from '../../../console/pane.ts';
import type { JobsScreen, State } from '../../../console/state.ts';
import {
  besidePane,
  type JobColumn,
  jobsTable,
  pinnedColumns,
} from '../../../presentation/job/columns.ts';
import { fitted, wrap } from '../../../presentation/text/fitted.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import {
  type CellContext,
  cellOf,
  type LaidColumn,
  layoutColumns,
  scrolledColumns,
} from '../../../presentation/text/table.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { searchLimitText } from '../../../presentation/triage/search-limit.ts';
import { blank, exactly, filled, type Line, selected, span } from '../../widgets/spans.ts';
import { hintsLine, infoLine, noteLine } from '../footer.ts';
import { bannerLine, countsLine, headerLine } from '../header.ts';
import { paneLines, paneTitle } from './pane.ts';

export type Picture = { top: readonly Line[]; body: readonly Line[]; bottom: readonly Line[] };

export function jobsPicture(state: State): Picture {
  const layout = jobsLayout(state);
  const pane = paneJob(state);
  const width = state.size.columns - (pane === null ? 0 : paneWidth(state.size));
  // A column for the cursor's mark on the left, and a free one on the right.
  const laid = columnsFor(state.jobs, width - (pane === null ? 2 : 4), state.wide, pane !== null);
  const rows = rowsOf(state.jobs).slice(state.jobs.top, state.jobs.top + layout.rows);
  const lines =
    rows.length > 0
      ? rows.map((row) => rowLine(state, row, laid, width - (pane === null ? 2 : 3)))
      : emptyTable(state, layout.rows);
  return {
    top: [
      ...(layout.header ? [headerLine(state)] : []),
      ...(layout.counts ? [countsLine(state)] : []),
      ...(layout.banner ? [bannerLine(state)] : []),
      ...(layout.heads
        ? beside(
            [rows.length > 0 ? headsLine(state, laid) : blank],
            pane === null ? null : [paneTitle(pane)],
            width,
          )
        : []),
    ],
    body: beside(
      exactly(lines, layout.rows),
      pane === null ? null : paneLines(state, pane, state.size.columns - width - 3, layout.rows),
      width,
    ),
    bottom: [
      ...(layout.info ? [infoLine(state)] : []),
      ...(layout.note ? [noteLine(state, laid)] : []),
      ...(layout.hints ? [hintsLine(state)] : []),
    ],
  };
}

function beside(lines: readonly Line[], others: readonly Line[] | null, width: number): Line[] {
  if (others === null) return [...lines];
  return lines.map((line, row) => [
    ...filled(line, width - 1),
    span('│ ', 'dim'),
    ...(others[row] ?? blank),
  ]);
}

type Layout = Pick<JobsScreen, 'list' | 'gone'> & {
  width: number;
  wide: number | null;
  pane: boolean;
  laid: LaidColumn<JobColumn>[];
};
let lastLayout: Layout | null = null;

/**
 * The layout depends on all jobs, including those that are gone: cached until data or width change.
 */
function columnsFor(
  { list, gone }: JobsScreen,
  width: number,
  wide: number | null,
  pane: boolean,
): LaidColumn<JobColumn>[] {
  const last = lastLayout;
  const same = last?.list === list && last.width === width && last.wide === wide;
  if (!same || last.gone !== gone || last.pane !== pane) {
    const jobs = [...(list?.jobs ?? []), ...Object.values(gone)];
    const laid =
      wide === null
        ? layoutColumns(pane ? besidePane : jobsTable, jobs, width)
        : scrolledColumns(
            layoutColumns(jobsTable, jobs, Number.POSITIVE_INFINITY),
            width,
            pinnedColumns,
            wide,
          );
    lastLayout = { list, gone, width, wide, pane, laid };
    return laid;
  }
  return last.laid;
}

function headsLine(state: State, laid: readonly LaidColumn<JobColumn>[]): Line {
  const { column: sorted, descending } = state.jobs.sort;
  const heads = laid.map(({ column, width }) => {
    const mark = column.name === sorted ? (descending ? '▼' : '▲') : '';
    const title = width > column.title.length ? column.title + mark : mark || column.title;
    const text = ' '.repeat(column.gap) + fitted(width < 3 ? mark : title, width, column.align);
    return span(text, mark === '' ? 'dim' : 'strong');
  });
  return [span(' '), ...heads];
}

function rowLine(
  state: State,
  row: JobRow,
  laid: readonly LaidColumn<JobColumn>[],
  width: number,
): Line {
  const context: Omit<CellContext, 'width'> = {
    as_of: state.jobs.list!.as_of,
    zone: state.options.zone,
  };
  const beside =
    dialogsInTable(state, row.job.id).length > 0 ? '✎' : hasBell(state, row.job.id) ? '♪' : '';
  const faint = row.gone || row.unmatched;
  const marked = state.marks.has(row.job.id);
  const cells = laid.flatMap(({ column, width }, index) => {
    const { text, tone } = cellOf(column, row.job, { ...context, width });
    const sign = index === 0 && marked ? '◆' : column.name === 'asset' ? beside : '';
    const gap = sign === '' ? ' '.repeat(column.gap) : sign;
    return [span(gap, 'accent'), span(text, faint ? 'dim' : tone)];
  });
  if (row.job.id !== state.jobs.cursor) return [span(' '), ...cells];
  return [span('▐', 'accent'), ...selected(cells, width)];
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
