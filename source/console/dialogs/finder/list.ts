import { blank, cut, exactly, type Line, selected, span } from '../../widgets/spans.ts';
import { type Contents, within } from '../dialog.ts';

export type Found = {
  title: string;
  field: Line;
  length: number;
  cursor: number;
  row: (index: number, first: boolean) => Line;
  nothing: string;
};

export type FinderContents = Contents & { field: Line; list: readonly Line[] };

const aroundList = 2;

export function listRows(height: number): number {
  return Math.max(1, height - aroundList);
}

export function finderContents(found: Found, width: number, height: number): FinderContents {
  const { length, cursor, row, nothing } = found;
  const rows = listRows(height);
  const first = Math.max(0, Math.min(cursor - Math.floor(rows / 2), length - rows));
  const lines = Array.from({ length: Math.min(rows, length - first) }, (_, index) => {
    const line = row(first + index, index === 0);
    return first + index === cursor ? selected(line, width) : cut(line, width);
  });
  const list = length === 0 ? [[span(nothing, 'dim')]] : lines;
  return finder(found, list, width, height);
}

/** The list in the whole height, so that the frame stays in place while it is narrowed. */
export function finder(
  { title, field }: Pick<Found, 'title' | 'field'>,
  list: readonly Line[],
  width: number,
  height: number,
): FinderContents {
  const lines = within(exactly([field, blank, ...list], height), width, height);
  const [first = blank, ...rest] = lines;
  return { title, width, rows: lines.length, field: first, list: rest };
}
