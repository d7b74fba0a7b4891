export type Cell = { heading: string } | { item: number } | null;

/** A column that begins inside of a group repeats its heading. */
export function columnsOf(groups: readonly string[], rows: number): Cell[][] {
  for (let height = Math.min(rows, Math.ceil(groups.length / 2)); height < rows; height += 1) {
    const columns = filledTo(groups, height);
    if (columns.length <= 2) return columns;
  }
  return filledTo(groups, rows);
}

function filledTo(groups: readonly string[], rows: number): Cell[][] {
  const columns: Cell[][] = [];
  let open: Cell[] = [];
  for (const [item, group] of groups.entries()) {
    const begins = open.length > 0 && group !== groups[item - 1];
    const needed = begins ? 3 : open.length === 0 ? 2 : 1;
    if (open.length > 0 && open.length + needed > rows) {
      columns.push(open);
      open = [];
    }
    if (open.length === 0) open.push({ heading: group });
    else if (begins) open.push(null, { heading: group });
    open.push({ item });
  }
  return open.length === 0 ? columns : [...columns, open];
}
