import { hasBell } from '../../../console/bells.ts';
import {
  type BoardData,
  type BoardName,
  type BoardRow,
  cursorIndex,
  listed,
} from '../../../console/boards.ts';
import { keyFor, keyOfRow } from '../../../console/key-hints.ts';
import { boardLayout } from '../../../console/layout.ts';
import { remedyKeys } from '../../../console/remedy-keys.ts';
import { screens } from '../../../console/screens.ts';
import type { State } from '../../../console/state.ts';
import { executorDetail, executorTable } from '../../../presentation/executor/table.ts';
import { eventDetail, eventTable } from '../../../presentation/report/event-table.ts';
import { riskTable } from '../../../presentation/risk/columns.ts';
import { riskDetail } from '../../../presentation/risk/detail.ts';
import { fitted, wrap } from '../../../presentation/text/fitted.ts';
import { formatFullCount } from '../../../presentation/text/format.ts';
import type { Detail, Item } from '../../../presentation/text/item.ts';
import {
  type Column,
  cellOf,
  type LaidColumn,
  layoutColumns,
  type Table,
} from '../../../presentation/text/table.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { alertDetail, alertTable } from '../../../presentation/triage/alert-table.ts';
import {
  checkDetail,
  checkTable,
  triageDetail,
  triageTable,
} from '../../../presentation/triage/check-table.ts';
import {
  blank,
  cut,
  exactly,
  type Line,
  lineWidth,
  message,
  selected,
  span,
  spread,
} from '../../widgets/spans.ts';
import { fieldText } from '../../widgets/text-field.ts';
import { hintsLine, noteLine } from '../footer.ts';
import { bannerLine, headerLine } from '../header.ts';
import type { Picture } from '../jobs/rows.ts';
import { escalationBar } from './escalation-bar.ts';
import { riskBar } from './risk-bar.ts';

type View<N extends BoardName> = {
  table: (data: BoardData[N] | null) => Table<Item<BoardRow[N]>>;
  detail: Detail<BoardRow[N], BoardData[N]>;
  bar?: (state: State, width: number) => Line;
  empty: string;
};

const views: { [N in BoardName]: View<N> } = {
  triage: {
    table: () => triageTable,
    detail: triageDetail,
    bar: escalationBar,
    empty: 'no checks',
  },
  check: { table: checkTable, detail: checkDetail, empty: 'no findings' },
  risk: {
    table: () => riskTable,
    detail: riskDetail,
    bar: riskBar,
    empty: 'no unfinished job has a deadline. Set one: servo-tui set JOB --deadline T',
  },
  executors: {
    table: () => executorTable,
    detail: executorDetail,
    empty: 'no executor in the last hour. Start one: servo-tui --worker',
  },
  alerts: { table: () => alertTable, detail: alertDetail, empty: 'no alerts' },
  events: { table: () => eventTable, detail: eventDetail, empty: 'no events' },
};

export function boardPicture<N extends BoardName>(state: State, name: N): Picture {
  const { table, detail, bar } = views[name] as View<N>;
  const board = state.boards[name];
  const layout = boardLayout(state);
  const { columns } = state.size;
  const rows = listed(name, board);
  const at = cursorIndex(rows, board.cursor);
  const laid = layoutColumns(table(board.data), rows, columns - 2);
  const context = { as_of: board.data?.as_of ?? new Date(0), zone: state.options.zone };
  const lines = rows.slice(board.top, board.top + layout.rows).map((item, row): Line => {
    const followed = item.job !== null && hasBell(state, item.job.id);
    const cells = laid.flatMap(({ column, width }, index) => {
      const { text, tone } = cellOf(column, item, { ...context, width });
      const sign = index === 0 && followed ? '♪' : '';
      return [span(sign.padStart(column.gap), 'accent'), span(text, tone)];
    });
    return board.top + row === at
      ? [span('▐', 'accent'), ...selected(cells, columns - 2)]
      : [span(' '), ...cells];
  });
  const chosen = rows[at];
  return {
    top: [
      ...(layout.header ? [headerLine(state)] : []),
      ...(layout.tabs ? [tabsLine(state)] : []),
      ...(layout.banner ? [bannerLine(state)] : []),
      ...(layout.bar && bar !== undefined ? [bar(state, columns - 1)] : []),
      ...(layout.heads ? [rows.length > 0 ? headsLine(laid) : blank] : []),
    ],
    body: [
      ...exactly(rows.length > 0 ? lines : emptyBoard(state, name), layout.rows),
      ...(layout.detail > 0
        ? [
            blank,
            ...exactly(
              chosen === undefined || board.data === null
                ? []
                : detail(chosen, { ...context, keys: remedyKeys(state) }, board.data).flatMap(
                    (line) => wrapped(line, columns - 2),
                  ),
              layout.detail,
            ),
          ]
        : []),
    ],
    bottom: [
      ...(layout.note ? [statusLine(state, name, layout.rows)] : []),
      ...(layout.hints ? [hintsLine(state)] : []),
    ],
  };
}

/** The screens by their keys. With little room only the present one keeps its name. */
export function tabsLine(state: State): Line {
  const width = state.size.columns - 1;
  const present = state.screen === 'check' ? 'triage' : state.screen;
  const check = state.screen === 'check' ? state.boards.check.data?.check.title : undefined;
  const path = check === undefined ? [] : [span(` › ${check}`, 'strong')];
  const tabs = (shown: (name: string) => 'name' | 'key' | null): Line => [
    ...screens.flatMap(({ name, title }): Line => {
      const key = keyOfRow(state, `go to ${title}`);
      if (name === present) return [{ text: ` ${key} ${title} `, tone: 'plain', inverse: true }];
      const how = shown(name);
      if (how === null) return [];
      const word = how === 'name' ? ` ${title} ` : ' ';
      return [span(` ${key}`, 'accent'), span(word, 'dim')];
    }),
    ...path,
  ];
  const forms = [tabs(() => 'name'), tabs(() => 'key'), tabs(() => null)];
  return cut(forms.find((line) => lineWidth(line) <= width) ?? forms.at(-1)!, width);
}

function headsLine<Row>(laid: readonly LaidColumn<Column<Row>>[]): Line {
  return [
    span(' '),
    ...laid.map(({ column, width }) =>
      span(' '.repeat(column.gap) + fitted(column.title, width, column.align), 'dim'),
    ),
  ];
}

function emptyBoard(state: State, name: BoardName): Line[] {
  const { data, filter } = state.boards[name];
  const text =
    data === null
      ? 'loading …'
      : filter !== ''
        ? `nothing matches the filter (${keyFor(state, 'back')} clears it)`
        : views[name].empty;
  return [blank, message(text, 'dim', state.size.columns - 1, '   ')];
}

/** Wraps cells, each piece with its tone; further lines are indented. */
function wrapped(line: Line, width: number): Line[] {
  if (lineWidth(line) + 1 <= width) return [[span(' '), ...line]];
  const lines: Line[] = [];
  let open: Line = [span(' ')];
  for (const piece of line) {
    const room = width - lineWidth(open);
    const parts = widthOf(piece.text) <= room ? [piece.text] : broken(piece.text, room, width - 3);
    parts.forEach((text, index) => {
      if (index > 0) {
        lines.push(open);
        open = [span('   ')];
      }
      open = [...open, { ...piece, text }];
    });
  }
  return [...lines, open];
}

/** A text in pieces, the first with less room: empty if it would cut a word. */
function broken(text: string, first: number, others: number): string[] {
  const [head = ''] = wrap(text, Math.max(1, first));
  const cutsWord = head.length < text.length && text[head.length] !== ' ';
  if (cutsWord && first < others) return ['', ...wrap(text.replace(/^ /, ''), others)];
  const rest = text.slice(head.length).replace(/^ /, '');
  return [head, ...wrap(rest, Math.max(1, others))];
}

function statusLine(state: State, name: BoardName, height: number): Line {
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
