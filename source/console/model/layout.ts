import type { Reading } from '../../domain/forecast/trend.ts';
import type { PartitionBucket } from '../../domain/job/detail.ts';
import { stallText } from '../../presentation/job/stall-text.ts';
import { type PartitionMap, partitionMap } from '../../presentation/partition/map.ts';
import { wrap } from '../../presentation/text/fitted.ts';
import { widthOf } from '../../presentation/text/width.ts';
import type { Size } from '../terminal/size.ts';
import { oncePer } from '../widgets/once-per.ts';
import { isBoard, listed } from './boards.ts';
import { isStale } from './link.ts';
import type { Reader } from './overlay.ts';
import { panelItems } from './panels.ts';
import { type JobScreen, type PanelName, panelNames, type State } from './state.ts';

/** One line less than the terminal has: the last would scroll it. */
export function linesOf(size: Size): number {
  return Math.max(1, size.rows - 1);
}

/** On less than this a dialog cannot show what was seen and what will happen. */
const leastToAct: Size = { columns: 40, rows: 11 };

export function tooSmall({ columns, rows }: Size): string | null {
  const { columns: width, rows: height } = leastToAct;
  return columns < width || rows < height
    ? `terminal too small to act: ${width}×${height} at least (Esc closes)`
    : null;
}

/** From this width on the job screen has its panels side by side. */
const wideFrom = 140;

export function isWide(size: Size): boolean {
  return size.columns >= wideFrom;
}

/** From this width on the selected job is shown beside the table. */
const paneFrom = 160;

/** Columns of the pane beside the job table, with its border; 0 if there is none. */
export function paneWidth({ columns }: Size): number {
  return columns < paneFrom ? 0 : Math.min(96, Math.max(58, Math.floor(columns * 0.32)));
}

export function hasPane({ screen, size, wide, jobs }: State): boolean {
  return screen === 'jobs' && wide === null && jobs.list !== null && paneWidth(size) > 0;
}

/** Lines around a list, as far as there is room. */
type ListFrame = {
  header: boolean;
  banner: boolean;
  heads: boolean;
  note: boolean;
  hints: boolean;
};

export type JobsLayout = ListFrame & { counts: boolean; rows: number; info: boolean };

function listFrame(state: State): ListFrame {
  const lines = linesOf(state.size);
  return {
    hints: lines >= 2,
    heads: lines >= 3,
    banner: lines >= 9 || (lines >= 4 && isStale(state)),
    header: lines >= 5,
    note: lines >= 6,
  };
}

/** Lines of the job table. On a small terminal the frame gives way to rows. */
export function jobsLayout(state: State): JobsLayout {
  const lines = linesOf(state.size);
  const frame = { ...listFrame(state), info: lines >= 7, counts: lines >= 11 };
  return { ...frame, rows: Math.max(1, lines - count(...Object.values(frame))) };
}

type BoardLayout = ListFrame & {
  tabs: boolean;
  bar: boolean;
  rows: number;
  detail: number;
};

const leastDetail = 6;

function listLength({ screen, boards }: State): number {
  return isBoard(screen) ? listed(screen, boards[screen]).length : 0;
}

export function boardLayout(state: State): BoardLayout {
  const lines = linesOf(state.size);
  const frame = {
    ...listFrame(state),
    tabs: lines >= 8,
    bar: (state.screen === 'risk' || state.screen === 'triage') && lines >= 9,
  };
  const free = lines - count(...Object.values(frame));
  // A long list takes what it needs, if the selected row's meaning and remedies stay readable.
  // Without a row the reason for that takes the room.
  const length = listLength(state);
  const spare = free - 1 - length;
  const least = Math.min(leastDetail, Math.floor(free * 0.42));
  const detail = free >= 10 && length > 0 ? Math.min(14, Math.max(least, spare)) : 0;
  return { ...frame, detail, rows: Math.max(1, free - (detail > 0 ? detail + 1 : 0)) };
}

export type JobLayout = {
  header: boolean;
  facts: number;
  stall: boolean;
  banner: boolean;
  map: PartitionMap;
  legend: boolean;
  trend: 'beside' | 'legend' | 'line' | null;
  gap: boolean;
  panels: number;
  note: boolean;
  hints: boolean;
};

const trendBeside = 44;
const trendBehind = 24;

export function jobLayout(state: State, job: JobScreen): JobLayout {
  const lines = linesOf(state.size);
  const frame = {
    header: lines >= 8,
    facts: lines < 14 ? 1 : isWide(state.size) ? 2 : 3,
    stall: lines >= 12 && stallText(job.job, job.detail?.events ?? []) !== null,
    banner: lines >= 14 || isStale(state),
    note: lines >= 6,
    hints: lines >= 3,
    gap: lines >= 28,
  };
  const taken =
    2 +
    frame.facts +
    count(frame.header, frame.stall, frame.banner, frame.note, frame.hints, frame.gap);
  const free = Math.max(0, lines - taken);
  // The panels keep four lines. The map may take half of the rest, a calendar of a year, or what
  // the panels leave.
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

const mapsOf = oncePer((_: readonly PartitionBucket[]) => new Map<string, PartitionMap>());

function drawnMap({ map: { buckets } }: JobScreen, width: number, height: number): PartitionMap {
  const maps = mapsOf(buckets);
  const size = `${width}×${height}`;
  const map = maps.get(size) ?? partitionMap(buckets, { width, height });
  return maps.set(size, map) && map;
}

function panelsWanted(state: State, job: JobScreen): number {
  const wanted = (panels: readonly PanelName[]) =>
    panels.reduce((sum, panel) => sum + panelItems(job, panel).length + 1, 0);
  if (isWide(state.size))
    return Math.max(4, Math.min(24, Math.max(...panelColumns.map((column) => wanted(column)))));
  return Math.max(4, Math.min(16, Math.max(...panelNames.map((panel) => wanted([panel])))));
}

/** Panels side by side: partitions on the left, what happens around them on the right. */
export const panelColumns: readonly (readonly PanelName[])[] = [
  ['failed', 'open', 'slow'],
  ['events', 'tree', 'executors'],
];

const roomToRead = 16;
/** On less than this it covers the line of keys too. */
const roomForKeys = 8;

/**
 * Rows of the screen that a dialog may cover. `below`: where it covers the frame, the lines of it
 * that stay; null where it covers the screen's body only.
 */
export function dialogRoom(state: State): { rows: number; below: 0 | 1 | null } {
  const body = bodyRows(state);
  if (body >= roomToRead) return { rows: body, below: null };
  const lines = linesOf(state.size);
  // The dialog of an action names its keys itself.
  const below = state.overlay?.type === 'card' || lines < roomForKeys ? 0 : 1;
  return { rows: lines - below, below };
}

function bodyRows(state: State): number {
  if (isBoard(state.screen)) {
    const { rows, detail } = boardLayout(state);
    return rows + (detail > 0 ? detail + 1 : 0);
  }
  if (state.screen === 'jobs' || state.job === null) return jobsLayout(state).rows;
  const { header, note, hints } = jobLayout(state, state.job);
  return linesOf(state.size) - count(header, note, hints);
}

export const dialogBorders = 2;

export function dialogRows(state: State): number {
  return Math.max(1, dialogRoom(state).rows - dialogBorders);
}

export function textWidth(size: Size): number {
  return Math.max(1, Math.min(size.columns - 6, 120));
}

export function readerLines(reader: Reader, size: Size): string[] {
  const width = textWidth(size);
  const wrapped = wrappedOf(reader);
  const lines = wrapped.get(width) ?? wrap(reader.text, width);
  wrapped.set(width, lines);
  return lines;
}

/** By width: a frame asks for the lines of its text and for how many they are. */
const wrappedOf = oncePer((_: Reader) => new Map<number, string[]>());

function count(...parts: boolean[]): number {
  return parts.filter(Boolean).length;
}
