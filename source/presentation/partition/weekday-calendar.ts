import { months } from '../text/format.ts';
import { noCounts, type PartitionCounts } from './cell.ts';

type WeekdayBand = {
  /** Month names above the columns, as wide as the rows. */
  ruler: string;
  year: string;
  /** Monday to Sunday. */
  rows: PartitionCounts[][];
};

export const weekdays = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const;

const day = 86_400_000;

/** A month, or a run of weeks: columns of seven days, null for days of neighbours. */
type Block = { label: string; year: string; columns: (number | null)[][] };

/**
 * The days from first to last in bands of at most `width` columns. `apart`: a blank column between
 * months. Null if a month does not fit.
 * @param counts by days since 1970
 */
export function weekdayBands(
  counts: ReadonlyMap<number, PartitionCounts>,
  width: number,
  apart: boolean,
): WeekdayBand[] | null {
  const days = [...counts.keys()];
  const [first, last] = [Math.min(...days), Math.max(...days)];
  const blocks = apart ? monthBlocks(first, last) : weekBlocks(first, last);
  const gap = apart ? 1 : 0;
  const bands: Block[][] = [];
  let used = 0;
  for (const block of blocks) {
    if (block.columns.length > width) return null;
    const room = used === 0 ? block.columns.length : used + gap + block.columns.length;
    if (bands.length === 0 || room > width) {
      bands.push([block]);
      used = block.columns.length;
    } else {
      bands.at(-1)!.push(block);
      used = room;
    }
  }
  return bands.map((band) => drawBand(band, counts, gap));
}

function drawBand(
  blocks: readonly Block[],
  counts: ReadonlyMap<number, PartitionCounts>,
  gap: number,
): WeekdayBand {
  const columns = blocks.flatMap(({ columns }, index) => [
    ...Array.from({ length: index === 0 ? 0 : gap }, () => [] as (number | null)[]),
    ...columns,
  ]);
  return {
    ruler: rulerOf(blocks, gap),
    year: blocks[0]!.year,
    rows: weekdays.map((_, row) =>
      columns.map((column) => counts.get(column[row] ?? Number.NaN) ?? noCounts),
    ),
  };
}

/** A month's name above its first column if there is room; January shows its year if that fits. */
function rulerOf(blocks: readonly Block[], gap: number): string {
  const width = blocks.reduce((sum, { columns }) => sum + columns.length + gap, -gap);
  let ruler = '';
  let column = 0;
  for (const [index, { label, year, columns }] of blocks.entries()) {
    if (index > 0) column += gap;
    const fits = column + year.length <= width;
    const shown = label === months[0] && index > 0 && fits ? year : label;
    if (label !== '' && (ruler === '' || ruler.length < column)) {
      ruler = ruler.padEnd(column) + shown;
    }
    column += columns.length;
  }
  return ruler.slice(0, width).padEnd(width);
}

function monthBlocks(first: number, last: number): Block[] {
  const blocks: Block[] = [];
  for (let from = first; from <= last; ) {
    const at = new Date(from * day);
    const next = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1) / day;
    const block = blockOf(from, Math.min(last, next - 1), months[at.getUTCMonth()]!);
    // As wide as its name.
    while (block.columns.length < block.label.length) block.columns.push([]);
    blocks.push(block);
    from = next;
  }
  return blocks;
}

function weekBlocks(first: number, last: number): Block[] {
  const blocks: Block[] = [];
  for (let from = first; from <= last; from += 7 - weekdayOf(from)) {
    const to = Math.min(last, from + 6 - weekdayOf(from));
    const month = new Date(to * day).getUTCMonth();
    const begins = from === first || new Date((from - 1) * day).getUTCMonth() !== month;
    blocks.push(blockOf(from, to, begins ? months[month]! : ''));
  }
  return blocks;
}

function blockOf(from: number, to: number, label: string): Block {
  const offset = weekdayOf(from);
  const weeks = Math.ceil((offset + to - from + 1) / 7);
  const columns = Array.from({ length: weeks }, (_, week) =>
    weekdays.map((_, row) => {
      const at = from - offset + week * 7 + row;
      return at < from || at > to ? null : at;
    }),
  );
  return { label, year: String(new Date(to * day).getUTCFullYear()), columns };
}

/** 0 = Monday. 1970 began on a Thursday. */
function weekdayOf(at: number): number {
  return (((at + 3) % 7) + 7) % 7;
}
