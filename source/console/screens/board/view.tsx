import { memo, useMemo } from 'react';
import { riskRows } from '../../../domain/risk/board.ts';
import { fitted } from '../../../presentation/text/fitted.ts';
import { formatFullCount, type Zone } from '../../../presentation/text/format.ts';
import type { Detail, Item } from '../../../presentation/text/item.ts';
import {
  type Column,
  cellOf,
  type LaidColumn,
  layoutColumns,
  type Table,
} from '../../../presentation/text/table.ts';
import { hasBell } from '../../background/bells.ts';
import {
  type Board,
  type BoardRow as BoardItemRow,
  type BoardName,
  cursorIndex,
  type Listed,
  listed,
} from '../../model/boards.ts';
import { keyFor, keyOfRow } from '../../model/key-hints.ts';
import { boardLayout } from '../../model/layout.ts';
import { isStale } from '../../model/link.ts';
import { remedyKeys } from '../../model/remedy-keys.ts';
import type { State } from '../../model/state.ts';
import { useConsole } from '../../model/use-console.tsx';
import { fieldText } from '../../widgets/field-spans.ts';
import { Line } from '../../widgets/line.tsx';
import { PartsLine } from '../../widgets/parts-line.tsx';
import {
  blank,
  cut,
  exactly,
  faded,
  message,
  type Line as Spans,
  selected,
  span,
  spread,
} from '../../widgets/spans.ts';
import { Banner, Header, Hints } from '../bars.tsx';
import { noteLine } from '../footer.ts';
import { Row, rowsOf, Screen } from '../screen.tsx';
import { escalationBar } from './escalation-bar.ts';
import { riskBar } from './risk-bar.ts';
import { boards } from './table.ts';
import { tabsLine } from './tabs.ts';
import { wrapped } from './wrapped.ts';

type Columns = readonly LaidColumn<Column<Item<unknown>>>[];

export function BoardView({ name }: { name: BoardName }) {
  const state = useConsole();
  const layout = boardLayout(state);
  const board: Board = state.boards[name];
  const items: readonly Listed[] = listed(name, board);
  const at = cursorIndex(items, board.cursor);
  const columns = useColumns(name, board, state.size.columns - 2);
  const shown = items.slice(board.top, board.top + layout.rows);
  const as_of = board.data?.as_of ?? null;
  const rows = shown.map((item, index) => (
    <ItemRow
      // biome-ignore lint/suspicious/noArrayIndexKey: scrolling changes rows, it moves none
      key={index}
      row={item.row}
      job={item.job}
      columns={columns}
      as_of={as_of}
      zone={state.options.zone}
      isFollowed={item.job !== null && hasBell(state, item.job.id)}
      isSelected={board.top + index === at}
      isStale={isStale(state)}
      width={state.size.columns - 2}
    />
  ));
  const nothing = items.length > 0 ? [] : emptyLines(state, name);
  return (
    <Screen
      top={
        <>
          {layout.header && <Header />}
          {layout.tabs && <Tabs />}
          {layout.banner && <Banner />}
          {layout.bar && (name === 'risk' ? <RiskBar /> : <EscalationBar />)}
          {layout.heads && <Line spans={items.length > 0 ? headsLine(columns) : blank} />}
        </>
      }
      bottom={
        <>
          {layout.note && <Status name={name} rows={layout.rows} />}
          {layout.hints && <Hints />}
        </>
      }
    >
      {rows}
      {rowsOf(exactly(nothing, layout.rows - rows.length))}
      {layout.detail > 0 && <Row spans={blank} />}
      {rowsOf(exactly(detailLines(state, name, items[at]), layout.detail))}
    </Screen>
  );
}

function useColumns(name: BoardName, board: Board, width: number): Columns {
  const { data, filter, what } = board;
  // biome-ignore lint/correctness/useExhaustiveDependencies: they list the same rows
  return useMemo(() => {
    const table = boards[name].table(data as never) as Table<Item<unknown>>;
    return layoutColumns(table, listed(name, board), width);
  }, [name, data, filter, what, width]);
}

type ItemRowProps = Item<BoardItemRow[BoardName]> & {
  columns: Columns;
  as_of: Date | null;
  zone: Zone;
  isFollowed: boolean;
  isSelected: boolean;
  isStale: boolean;
  width: number;
};

const ItemRow = memo(function ItemRow({ row, job, columns, as_of, zone, ...shown }: ItemRowProps) {
  const cells = columns.flatMap(({ column, width }, index) => {
    const context = { as_of: as_of ?? new Date(0), zone, width };
    const { text, tone } = cellOf(column, { row, job }, context);
    const sign = index === 0 && shown.isFollowed ? '♪' : '';
    return [span(sign.padStart(column.gap), 'accent'), span(text, tone)];
  });
  const line = shown.isSelected
    ? [span('▐', 'accent'), ...selected(cells, shown.width)]
    : [span(' '), ...cells];
  return <Line spans={shown.isStale ? faded(line) : line} />;
});

function Tabs() {
  return <Line spans={tabsLine(useConsole())} />;
}

function RiskBar() {
  const state = useConsole();
  const { data, what } = state.boards.risk;
  const rows = useMemo(() => (data === null ? [] : riskRows(data, what)), [data, what]);
  return <Line spans={riskBar(state, rows)} />;
}

function EscalationBar() {
  const state = useConsole();
  return <Line spans={escalationBar(state, state.size.columns - 1)} />;
}

function Status({ name, rows }: { name: BoardName; rows: number }) {
  return <PartsLine spans={statusLine(useConsole(), name, rows)} />;
}

function detailLines(state: State, name: BoardName, item: Listed | undefined): Spans[] {
  const { data } = state.boards[name];
  if (item === undefined || data === null) return [];
  const detail = boards[name].detail as Detail<unknown>;
  const context = {
    as_of: data.as_of,
    zone: state.options.zone,
    keys: { ...remedyKeys(state), remedy: keyOfRow(state, 'apply the remedy') },
  };
  return detail(item, context, data).flatMap((line) => wrapped(line, state.size.columns - 2));
}

function headsLine(columns: Columns): Spans {
  return [
    span(' '),
    ...columns.map(({ column, width }) =>
      span(' '.repeat(column.gap) + fitted(column.title, width, column.align), 'dim'),
    ),
  ];
}

function emptyLines(state: State, name: BoardName): Spans[] {
  const { data, filter } = state.boards[name];
  const text =
    data === null
      ? 'loading …'
      : filter !== ''
        ? `nothing matches the filter (${keyFor(state, 'back')} clears it)`
        : boards[name].empty;
  return [blank, message(text, 'dim', state.size.columns - 1, '   ')];
}

function statusLine(state: State, name: BoardName, height: number): Spans {
  const width = state.size.columns - 1;
  const board = state.boards[name];
  if (state.overlay?.type === 'filter') {
    const typed = { value: board.filter, caret: state.overlay.caret };
    return cut([span(' / ', 'accent'), ...fieldText(typed, width - 3)], width);
  }
  const note = noteLine(state, []);
  if (note.length > 0) return note;
  const { length } = listed(name, board);
  const position =
    length > height
      ? `${formatFullCount(board.top + 1)}–${formatFullCount(Math.min(length, board.top + height))} of ${formatFullCount(length)}`
      : '';
  const filter =
    board.filter === '' ? [] : [span(' filter: ', 'dim'), span(board.filter, 'accent')];
  return spread(filter, [span(position, 'dim')], width);
}
