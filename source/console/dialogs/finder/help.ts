import { fitted } from '../../../presentation/text/fitted.ts';
import { keyName } from '../../model/key-names.ts';
import type { Help } from '../../model/overlay.ts';
import { fieldText } from '../../widgets/field-spans.ts';
import { blank, cut, filled, type Line, message, selected, span } from '../../widgets/spans.ts';
import type { DialogProps } from '../dialog.ts';
import { type Cell, columnsOf } from './columns.ts';
import { type HelpEntry, helpEntries } from './help-entries.ts';
import { type FinderContents, finder, finderContents, listRows } from './list.ts';

const title = 'Keys';

const narrow = 60;
const twoColumnsFrom = 94;
const leastHeight = 12;
const gap = 3;
const belowColumns = 2;

export function helpContents({ state, overlay: help, width, height }: DialogProps<Help>) {
  const typed = { value: help.text, caret: help.caret };
  const field: Line = [span('Search: ', 'dim'), ...fieldText(typed, width - 8)];
  const entries = helpEntries(state, help);
  // What is searched for is listed by how well it matches, not by group.
  if (width >= twoColumnsFrom && height >= leastHeight && help.text === '')
    return inColumns(entries, help.cursor, field, width, height);
  const groupOf = (index: number) => entries[index]?.binding.group;
  const row = (index: number, first: boolean): Line => {
    const entry = entries[index]!;
    const keys = entry.binding.keys.map(keyName);
    const group = !first && groupOf(index - 1) === groupOf(index) ? '' : groupOf(index)!;
    const tone = entry.reason === null ? 'accent' : 'dim';
    return width < narrow
      ? [span(fitted(keys[0]!, 7), tone), ...meaning(entry)]
      : [span(fitted(group, 9), 'dim'), span(fitted(keys.join(' '), 20), tone), ...meaning(entry)];
  };
  return finderContents(
    {
      title,
      field,
      length: entries.length,
      cursor: help.cursor,
      row,
      nothing: 'no matching key',
    },
    width,
    height,
  );
}

/** The reason why a key does nothing replaces its description. */
function meaning({ binding: { title }, reason }: HelpEntry): Line {
  return reason === null
    ? [span(title)]
    : [span(title.split(':')[0]!, 'dim'), span(` (${reason})`, 'warn')];
}

/** Down leads through the first column, then the second. More than two are pages. */
function inColumns(
  entries: readonly HelpEntry[],
  cursor: number,
  field: Line,
  width: number,
  height: number,
): FinderContents {
  const rows = listRows(height) - belowColumns;
  const columns = columnsOf(
    entries.map(({ binding }) => binding.group),
    rows,
  );
  const at = columns.findIndex((column) =>
    column.some((cell) => cell !== null && 'item' in cell && cell.item === cursor),
  );
  const page = Math.floor(Math.max(0, at) / 2);
  const pages = Math.ceil(columns.length / 2);
  const [left = [], right = []] = columns.slice(page * 2);
  const each = Math.floor((width - gap) / 2);
  const draw = (cell: Cell | undefined): Line => {
    if (!cell) return [];
    if ('heading' in cell) return [span(cell.heading, 'strong')];
    const line = [span('  '), ...keysAndMeaning(entries[cell.item]!)];
    return cell.item === cursor ? selected(line, each) : cut(line, each);
  };
  const lines = Array.from({ length: rows }, (_, row) => [
    ...filled(draw(left[row]), each),
    span(' '.repeat(gap)),
    ...draw(right[row]),
  ]);
  const chosen = entries[cursor];
  const list = [...lines, blank, chosen === undefined ? blank : inFull(chosen, width)];
  const place = pages > 1 ? ` (page ${page + 1} of ${pages})` : '';
  return finder({ title: `${title}${place}`, field }, list, width, height);
}

const keysWidth = 19;

function keysAndMeaning(entry: HelpEntry): Line {
  const keys = fitted(entry.binding.keys.map(keyName).join(' '), keysWidth);
  return [span(`${keys} `, entry.reason === null ? 'accent' : 'dim'), ...meaning(entry)];
}

function inFull({ binding: { title }, reason }: HelpEntry, width: number): Line {
  return reason === null
    ? message(title, 'plain', width, '')
    : message(`${title} (${reason})`, 'warn', width, '');
}
