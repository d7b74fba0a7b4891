import type { ExecutorList, ExecutorView } from '../../domain/executor/executor.ts';
import { noChange, type WhatIf } from '../../domain/forecast/what-if.ts';
import type { EventList, JobEvent } from '../../domain/job/detail.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type RiskBoard, type RiskRow, riskRows } from '../../domain/risk/board.ts';
import { type Alert, type AlertReport, firingFirst } from '../../domain/triage/alerts.ts';
import {
  type CheckSummary,
  type Finding,
  type FoundRow,
  foundFirst,
} from '../../domain/triage/checks.ts';
import type { TriageReport } from '../../domain/triage/report.ts';
import { oncePer } from '../widgets/once-per.ts';

export const boardNames = ['triage', 'check', 'risk', 'executors', 'alerts', 'events'] as const;
export type BoardName = (typeof boardNames)[number];

type WithJobs = { jobs: readonly JobView[] };

export type BoardData = {
  triage: TriageReport & WithJobs;
  check: Finding & WithJobs;
  /** Unfinished jobs with a deadline, and those that share slots with them. */
  risk: RiskBoard;
  executors: ExecutorList & WithJobs;
  alerts: AlertReport & WithJobs;
  events: EventList & WithJobs;
};

export type BoardRow = {
  triage: CheckSummary;
  check: FoundRow;
  risk: RiskRow;
  executors: ExecutorView;
  alerts: Alert;
  events: JobEvent;
};

type Definition<N extends BoardName> = {
  rows: (data: BoardData[N], what: WhatIf) => readonly BoardRow[N][];
  /** Identity of a row, independent of its position. */
  key: (row: BoardRow[N]) => string;
  /** Minimum milliseconds between two readings, for expensive boards. */
  every_ms?: number;
  /** An unmoved cursor stays on the newest row. */
  newest_first?: true;
  job_id: (row: BoardRow[N]) => string | null;
  text: (row: BoardRow[N], job: JobView | null) => string;
};

const definitions: { [N in BoardName]: Definition<N> } = {
  triage: {
    rows: ({ checks }) => foundFirst(checks),
    key: ({ check }) => check.name,
    job_id: ({ worst }) => worst?.job_id ?? null,
    text: ({ check, worst }) =>
      [check.name, check.title, check.section.heading, worst?.asset_name].join(' '),
    every_ms: 5000,
  },
  check: {
    rows: ({ rows }) => rows,
    key: ({ job_id, asset_name, cells }) =>
      [job_id, asset_name, cells.partition_key ?? ''].join(' '),
    job_id: ({ job_id }) => job_id,
    text: ({ job_id, asset_name, cells }) =>
      [job_id === null ? '' : shortId(job_id), asset_name, ...Object.values(cells)].join(' '),
    every_ms: 2000,
  },
  risk: {
    rows: riskRows,
    key: ({ id }) => id,
    job_id: ({ id }) => id,
    text: ({ id, asset_name, state, risk_level, sla_tier }) =>
      [shortId(id), asset_name, state, risk_level, sla_tier].join(' '),
  },
  executors: {
    rows: ({ executors }) => executors,
    key: ({ id }) => id,
    job_id: ({ running }) => running[0]?.job_id ?? null,
    text: ({ id, state, handlers, running }) =>
      [id, state, ...handlers, ...running.map(({ asset_name }) => asset_name)].join(' '),
  },
  alerts: {
    rows: ({ alerts }) => firingFirst(alerts),
    key: ({ name }) => name,
    job_id: ({ jobs }) => jobs[0]?.job_id ?? null,
    text: ({ name, severity, firing, description, jobs }) =>
      [
        name,
        severity,
        firing ? 'firing' : 'ok',
        description,
        ...jobs.map((job) => job.asset_name),
      ].join(' '),
    every_ms: 5000,
  },
  events: {
    rows: ({ events }) => events.toReversed(),
    newest_first: true,
    key: ({ id }) => String(id),
    job_id: ({ job_id }) => job_id,
    text: (event, job) =>
      [
        job?.asset_name,
        shortId(event.job_id),
        event.kind,
        event.partition_key,
        event.from_state,
        event.to_state,
        event.actor,
        event.login,
        event.reason,
      ].join(' '),
  },
};

export type Board<N extends BoardName = BoardName> = {
  data: BoardData[N] | null;
  received_at: number | null;
  cursor: string | null;
  top: number;
  keep_order_until: number;
  /** Row keys while the order is kept; null = the board's own order. */
  order: readonly string[] | null;
  filter: string;
  /** The what-if of the risk board; no change on the others. */
  what: WhatIf;
};

export type Boards = { readonly [N in BoardName]: Board<N> };

const empty = {
  data: null,
  received_at: null,
  cursor: null,
  top: 0,
  keep_order_until: 0,
  order: null,
  filter: '',
  what: noChange,
};
export const emptyBoards = Object.fromEntries(
  boardNames.map((name) => [name, empty]),
) as unknown as Boards;

export type Listed<N extends BoardName = BoardName> = {
  key: string;
  row: BoardRow[N];
  job: JobView | null;
};

const rowsIn = Object.fromEntries(
  boardNames.map((name) => [name, oncePer((board: Board) => makeRows(name, board))]),
) as unknown as Record<BoardName, (board: Board) => readonly Listed[]>;

export function listed<N extends BoardName>(name: N, board: Board<N>): readonly Listed<N>[] {
  return rowsIn[name](board) as readonly Listed<N>[];
}

function makeRows<N extends BoardName>(name: N, board: Board<N>): Listed<N>[] {
  if (board.data === null) return [];
  const { job_id, text, key } = definitions[name] as Definition<N>;
  const jobs = new Map(board.data.jobs.map((job) => [job.id, job]));
  const words = board.filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '!');
  return arranged(name, board)
    .map((row) => ({ key: key(row), row, job: jobs.get(job_id(row) ?? '') ?? null }))
    .filter(({ row, job }) => {
      const content = words.length === 0 ? '' : text(row, job).toLowerCase();
      return words.every((word) =>
        word.startsWith('!') ? !content.includes(word.slice(1)) : content.includes(word),
      );
    });
}

function arranged<N extends BoardName>(name: N, { data, what, order }: Board<N>) {
  if (data === null) return [];
  const { rows, key } = definitions[name] as Definition<N>;
  if (order === null) return rows(data, what);
  const positions = new Map(order.map((key, index) => [key, index]));
  const position = (row: BoardRow[N]) => positions.get(key(row)) ?? order.length;
  return rows(data, what).toSorted((a, b) => position(a) - position(b));
}

export function orderOf<N extends BoardName>(name: N, board: Board<N>): readonly string[] {
  return arranged(name, board).map((definitions[name] as Definition<N>).key);
}

export function isNewestFirst(name: BoardName): boolean {
  return definitions[name].newest_first === true;
}

export function cursorIndex(rows: readonly Listed[], cursor: string | null): number {
  return Math.max(
    0,
    rows.findIndex(({ key }) => key === cursor),
  );
}

export function underCursor<N extends BoardName>(name: N, board: Board<N>): Listed<N> | null {
  const rows = listed(name, board);
  return rows[cursorIndex(rows, board.cursor)] ?? null;
}

export function cursorBound<N extends BoardName>(
  name: N,
  board: Board<N>,
  before: Board<N>,
): string | null {
  const rows = listed(name, board);
  const { cursor } = board;
  if (cursor === null && isNewestFirst(name)) return null;
  if (rows.some(({ key }) => key === cursor)) return cursor;
  const position = cursorIndex(listed(name, before), before.cursor);
  return rows[Math.min(position, rows.length - 1)]?.key ?? cursor;
}

export function boardInterval(name: BoardName, interval: number): number {
  return Math.max(interval, definitions[name].every_ms ?? 0);
}

export function isBoard(name: string): name is BoardName {
  return (boardNames as readonly string[]).includes(name);
}
