import type { Reading } from '../domain/forecast/trend.ts';
import type { PartitionBucket } from '../domain/job/detail.ts';
import { restWords } from '../presentation/job/rest-words.ts';
import { type PartitionMap, partitionMap } from '../presentation/partition/map.ts';
import { wrap } from '../presentation/text/fitted.ts';
import { widthOf } from '../presentation/text/width.ts';
import { isBoard, listed } from './boards.ts';
import { isStale } from './loading.ts';
import type { Size } from './messages.ts';
import type { Reader } from './overlay.ts';
import { panelItems } from './panels.ts';
import { type JobScreen, type PanelName, panelNames, type State } from './state.ts';

/** Lines that may be drawn: one less than the terminal has, or it would scroll. */
export function linesOf(size: Size): number {
  return Math.max(1, size.rows - 1);
}

/** On less than this a card cannot show what was seen and what will happen. */
const leastToAct: Size = { columns: 40, rows: 11 };

/** Why nothing may be confirmed on a terminal of this size, or null. */
export function tooSmall({ columns, rows }: Size): string | null {
  const { columns: width, rows: height } = leastToAct;
  return columns < width || rows < height
    ? `terminal too small to act: ${width}×${height} at least (Esc closes)`
    : null;
}

/** From here on the job screen has its panels side by side. */
const wideFrom = 140;

export function isWide(size: Size): boolean {
  return size.columns >= wideFrom;
}

/** From here on the job under the cursor stands beside the table. */
const paneFrom = 180;

/** Columns of the pane beside the job table, with its rule; 0 where there is none. */
export function paneWidth({ columns }: Size): number {
  return columns < paneFrom ? 0 : Math.min(96, Math.max(58, Math.floor(columns * 0.32)));
}

/** Whether the table leaves room for the job under its cursor: not where all of its columns are wanted. */
export function hasPane({ screen, size, wide, jobs }: State): boolean {
  return screen === 'jobs' && wide === null && jobs.list !== null && paneWidth(size) > 0;
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

const leastDetail = 6;

function listLength({ screen, boards }: State): number {
  return isBoard(screen) ? listed(screen, boards[screen]).length : 0;
}

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
    bar: (state.screen === 'risk' || state.screen === 'triage') && lines >= 9,
  };
  const free = lines - count(...Object.values(frame));
  // A long list takes what it needs, as long as the selected row's meaning and remedies can be read; what a short one leaves is theirs.
  const spare = free - 1 - listLength(state);
  const least = Math.min(leastDetail, Math.floor(free * 0.42));
  const detail = free >= 10 ? Math.min(14, Math.max(least, spare)) : 0;
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
  stall: boolean;
  banner: boolean;
  map: PartitionMap;
  legend: boolean;
  /** Where the trend stands: beside the map, behind its legend, or on a line of its own. */
  trend: 'beside' | 'legend' | 'line' | null;
  gap: boolean;
  panels: number;
  note: boolean;
  hints: boolean;
};

/** Columns that a trend takes beside the map, and behind its legend. */
export const trendBeside = 44;
const trendBehind = 24;

export function jobLayout(state: State, job: JobScreen): JobLayout {
  const lines = linesOf(state.size);
  const frame = {
    header: lines >= 8,
    facts: lines < 14 ? 1 : isWide(state.size) ? 2 : 3,
    stall: lines >= 12 && restWords(job.job, job.detail?.events ?? []) !== null,
    banner: lines >= 14 || hasBanner(state),
    note: lines >= 6,
    hints: lines >= 3,
    gap: lines >= 28,
  };
  // The title and the bar are always there.
  const taken =
    2 +
    frame.facts +
    count(frame.header, frame.stall, frame.banner, frame.note, frame.hints, frame.gap);
  const free = Math.max(0, lines - taken);
  // The panels keep four lines; the map may take more than half of the rest, or a calendar of a year, and what they leave.
  const height = Math.min(
    free - 5,
    Math.max(Math.floor(free * 0.5), calendarHeight, free - panelsWanted(state, job) - 1),
  );
  const map = drawnMap(job, state.size.columns - 1, Math.max(0, height));
  const legend = map.lines.length > 0;
  const trend = trendPlace(state, job, map, free);
  const used = map.lines.length + count(legend, trend === 'line');
  return { ...frame, map, legend, trend, panels: Math.max(0, free - used) };
}

/** Months across, weekdays down. */
const calendarHeight = 8;

function trendPlace(
  { size }: State,
  job: JobScreen,
  map: PartitionMap,
  free: number,
): JobLayout['trend'] {
  if (readingsOf(job).length < 2) return null;
  const room = size.columns - 2;
  if (map.lines.length >= 3 && room - widest(map.lines) >= trendBeside + 4) return 'beside';
  if (map.lines.length > 0 && room - widest([map.legend]) >= trendBehind) return 'legend';
  return free - map.lines.length >= 9 ? 'line' : null;
}

/** The samples that a trend is drawn from: until there are some, what this console has seen. */
export function readingsOf({ job, insight, readings }: JobScreen): readonly Reading[] {
  const samples = insight?.samples ?? [];
  if (samples.length >= 3) return samples;
  return job.state === 'running' ? readings : [];
}

function widest(lines: PartitionMap['lines']): number {
  return Math.max(
    0,
    ...lines.map((line) => line.reduce((width, { text }) => width + widthOf(text), 0)),
  );
}

type DrawnMap = { width: number; height: number; map: PartitionMap };
const drawn = new WeakMap<readonly PartitionBucket[], DrawnMap>();

/** The same map is asked for several times in a frame, and is the same in the next one. */
function drawnMap({ map: { buckets } }: JobScreen, width: number, height: number): PartitionMap {
  const before = drawn.get(buckets);
  if (before?.width === width && before.height === height) return before.map;
  const map = partitionMap(buckets, { width, height });
  drawn.set(buckets, { width, height, map });
  return map;
}

/** Lines that the panels could use, so that the map takes what they leave. */
function panelsWanted(state: State, job: JobScreen): number {
  const wanted = (panels: readonly PanelName[]) =>
    panels.reduce((sum, panel) => sum + panelItems(job, panel).length + 1, 0);
  if (isWide(state.size))
    return Math.max(4, Math.min(24, Math.max(...panelColumns.map((column) => wanted(column)))));
  return Math.max(4, Math.min(16, Math.max(...panelNames.map((panel) => wanted([panel])))));
}

/** The panels side by side, where there is room: what partitions do on the left, what happens around them on the right. */
export const panelColumns: readonly (readonly PanelName[])[] = [
  ['failed', 'open', 'slow'],
  ['events', 'tree', 'executors'],
];

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

/** Columns of a text that is read in full. */
export function textWidth(size: Size): number {
  return Math.max(1, Math.min(size.columns - 6, 120));
}

/** Of the list of a run's jobs, two lines say how it stands and what the keys do. */
export function runRows(size: Size): number {
  return Math.max(1, readerRows(size) - 2);
}

export function readerLines(reader: Reader, size: Size): string[] {
  return wrap(reader.text, textWidth(size));
}

function count(...parts: boolean[]): number {
  return parts.filter(Boolean).length;
}
