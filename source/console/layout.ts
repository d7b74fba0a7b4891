import { wrap } from '../presentation/fitted.ts';
import { type PartitionMap, partitionMap } from '../presentation/partition-map.ts';
import { restWords } from '../presentation/rest-words.ts';
import { isBoard } from './boards.ts';
import { isStale } from './loading.ts';
import type { Size } from './messages.ts';
import { panelItems } from './panels.ts';
import type { JobScreen, Reader, State } from './state.ts';

/** Lines that may be drawn: one less than the terminal has, or it would scroll. */
export function linesOf(size: Size): number {
  return Math.max(1, size.rows - 1);
}

/** From here on the job screen has its panels side by side. */
const wideFrom = 140;

export function isWide(size: Size): boolean {
  return size.columns >= wideFrom;
}

export type JobsLayout = {
  header: boolean;
  counts: boolean;
  /** The line under the header: the banner, or blank. */
  banner: boolean;
  heads: boolean;
  rows: number;
  info: boolean;
  note: boolean;
  hints: boolean;
};

/** The job table's lines. On a small terminal the frame gives way and the rows stay. */
export function jobsLayout(state: State): JobsLayout {
  const lines = linesOf(state.size);
  const frame = {
    hints: lines >= 2,
    heads: lines >= 3,
    banner: lines >= 9 || (lines >= 4 && hasBanner(state)),
    header: lines >= 5,
    note: lines >= 6,
    info: lines >= 7,
    counts: lines >= 11,
  };
  const taken = Object.values(frame).filter(Boolean).length;
  return { ...frame, rows: Math.max(1, lines - taken) };
}

export type BoardLayout = {
  header: boolean;
  /** The names of the screens. */
  tabs: boolean;
  banner: boolean;
  /** The calculator's line of what is supposed. */
  bar: boolean;
  heads: boolean;
  rows: number;
  /** Lines about the row under the cursor, after a blank one. */
  detail: number;
  note: boolean;
  hints: boolean;
};

/** A board's lines. The rows keep most of the screen; what is known of the selected one stands below. */
export function boardLayout(state: State): BoardLayout {
  const lines = linesOf(state.size);
  const frame = {
    hints: lines >= 2,
    heads: lines >= 3,
    banner: lines >= 9 || (lines >= 4 && hasBanner(state)),
    header: lines >= 5,
    note: lines >= 6,
    tabs: lines >= 8,
    bar: state.screen === 'risk' && lines >= 7,
  };
  const free = lines - count(...Object.values(frame));
  const detail = free >= 10 ? Math.min(14, Math.floor(free * 0.42)) : 0;
  return { ...frame, detail, rows: Math.max(1, free - (detail > 0 ? detail + 1 : 0)) };
}

export function hasBanner(state: State): boolean {
  return isStale(state);
}

export type JobLayout = {
  header: boolean;
  /** Lines of figures under the progress bar. */
  facts: number;
  /** Why the job does not go on. */
  rest: boolean;
  banner: boolean;
  map: PartitionMap;
  legend: boolean;
  gap: boolean;
  panels: number;
  note: boolean;
  hints: boolean;
};

export function jobLayout(state: State, job: JobScreen): JobLayout {
  const lines = linesOf(state.size);
  const frame = {
    header: lines >= 8,
    facts: lines < 14 ? 1 : isWide(state.size) ? 2 : 3,
    rest: lines >= 12 && restWords(job.job, job.detail?.events ?? []) !== null,
    banner: lines >= 14 || hasBanner(state),
    note: lines >= 6,
    hints: lines >= 3,
    gap: lines >= 20,
  };
  // The title and the bar are always there.
  const taken =
    2 +
    frame.facts +
    count(frame.header, frame.rest, frame.banner, frame.note, frame.hints, frame.gap);
  const free = Math.max(0, lines - taken);
  // The panels keep four lines; the map may take more than half of the rest, and what they leave.
  const height = Math.min(
    free - 5,
    Math.max(Math.floor(free * 0.6), free - panelsWanted(state, job) - 1),
  );
  const map = partitionMap(job.map, { width: state.size.columns - 1, height: Math.max(0, height) });
  const legend = map.lines.length > 0;
  return { ...frame, map, legend, panels: Math.max(0, free - map.lines.length - Number(legend)) };
}

/** Lines that the panels could use, so that the map takes what they leave. */
function panelsWanted(state: State, job: JobScreen): number {
  const [failed, open, events] = (['failed', 'open', 'events'] as const).map(
    (panel) => panelItems(job, panel).length,
  ) as [number, number, number];
  return isWide(state.size)
    ? Math.max(4, Math.min(14, Math.max(failed + open + 3, events + 1)))
    : Math.max(4, Math.min(8, Math.max(failed, open, events) + 1));
}

/** How many rows of the list that has the focus are seen at once: what a page is. */
export function pageRows(state: State): number {
  if (state.overlay?.type === 'reader') return readerRows(state.size);
  if (isBoard(state.screen)) return boardLayout(state).rows;
  if (state.screen === 'jobs' || state.job === null) return jobsLayout(state).rows;
  return Math.max(1, jobLayout(state, state.job).panels - 1);
}

/** The reader's box takes the screen but for its border, the header and the hints. */
export function readerRows(size: Size): number {
  return Math.max(1, linesOf(size) - 5);
}

export function readerLines(reader: Reader, size: Size): string[] {
  return wrap(reader.text, Math.max(1, Math.min(size.columns - 6, 120)));
}

function count(...parts: boolean[]): number {
  return parts.filter(Boolean).length;
}
