import type { JobForecast } from '../forecast/job-forecast.ts';
import type { Snapshot } from '../forecast/snapshot.ts';
import { isNoChange, type WhatIf } from '../forecast/what-if.ts';
import type { JobView } from '../job/job.ts';
import { compareRank } from '../job/rank.ts';
import { later } from '../time/time.ts';
import {
  type Forecasts,
  forecastsOf,
  isReliable,
  type Outlook,
  outlooksOf,
  standingOf,
} from './outlook.ts';
import { compareUrgency } from './risk.ts';
import { type BufferFit, bufferFit, bufferOf, type Tier, tierOf } from './tier.ts';

export type RiskBoard = {
  as_of: Date;
  tenant_id: string;
  /** The threshold early_warning, in milliseconds. */
  early_warning: number;
  /** Of the same moment: all that decides when the jobs run. */
  snapshot: Snapshot;
  /** Unfinished jobs with a deadline, and those that share their slots; unordered. */
  jobs: readonly JobView[];
  truncated: boolean;
};

export type RiskRow = JobView & {
  sla_tier: Tier;
  /** (deadline − ETA) ÷ (ETA − start); null without a deadline or an ETA. */
  sla_buffer: number | null;
  /** Whether the buffer fits the tier (backfill-sla-at-risk, "Establish SLA Tiers"). */
  sla_buffer_fit: BufferFit | null;
  /** Null without a what-if. */
  what_if: Outlook | null;
};

/** The forecasts of a board, computed once. */
export function boardForecasts({ snapshot }: Pick<RiskBoard, 'snapshot'>): Forecasts {
  const known = forecasts.get(snapshot) ?? forecastsOf(snapshot);
  forecasts.set(snapshot, known);
  return known;
}

const forecasts = new WeakMap<Snapshot, Forecasts>();
const rowsOf = new WeakMap<RiskBoard, { what: WhatIf; rows: RiskRow[] }>();

/**
 * Jobs with a deadline, the most urgent first; then the others, by the slots they would free or
 * take. ETAs and levels are the forecast's of the board's own moment, so that a what-if without a
 * change gives the same.
 */
export function riskRows(board: RiskBoard, what: WhatIf): RiskRow[] {
  // Lists, bars and keys ask for the same rows.
  const known = rowsOf.get(board);
  if (known?.what === what) return known.rows;
  const rows = makeRows(board, what);
  rowsOf.set(board, { what, rows });
  return rows;
}

function makeRows(board: RiskBoard, what: WhatIf): RiskRow[] {
  const before = boardForecasts(board);
  const then = isNoChange(what) ? null : outlooksOf(board, before, what);
  const { as_of, early_warning } = board;
  // As in the list: without an executor what other programs write counts.
  const hasExecutors = board.snapshot.executors.length > 0;
  return board.jobs
    .map((job) => {
      const forecast = hasExecutors ? (before.get(job.id) ?? null) : null;
      return riskRow(job, forecast, then?.get(job.id) ?? null, as_of, early_warning);
    })
    .sort(
      (a, b) =>
        Number(a.sla_deadline_at === null) - Number(b.sla_deadline_at === null) ||
        (a.sla_deadline_at === null
          ? b.running_slots - a.running_slots || compareRank(a, b) || (a.id < b.id ? -1 : 1)
          : compareUrgency(a, b)),
    );
}

/** @param forecast null for a job that is not forecast: it has ended, or waits behind too many */
export function riskRow(
  job: JobView,
  forecast: JobForecast | null,
  what_if: Outlook | null,
  asOf: Date,
  earlyWarningMs = 0,
): RiskRow {
  const now =
    forecast === null ? job : { ...job, ...forecastFigures(job, forecast, asOf, earlyWarningMs) };
  const sla_tier = tierOf(now.priority);
  const end = now.eta_seconds === null ? null : later(asOf, now.eta_seconds * 1000);
  const deadline = now.sla_deadline_at;
  const sla_buffer =
    end === null || deadline === null ? null : bufferOf(now.started_at ?? asOf, end, deadline);
  const sla_buffer_fit = sla_buffer === null ? null : bufferFit(sla_tier, sla_buffer);
  const late_by_seconds =
    end === null || deadline === null ? null : (end.getTime() - deadline.getTime()) / 1000;
  return { ...now, late_by_seconds, sla_tier, sla_buffer, sla_buffer_fit, what_if };
}

function forecastFigures(job: JobView, forecast: JobForecast, asOf: Date, earlyWarningMs: number) {
  const reliable = isReliable(job);
  const seconds = (at: Date | null) =>
    at === null || !reliable ? null : (at.getTime() - asOf.getTime()) / 1000;
  return {
    ...standingOf(forecast, job, asOf, earlyWarningMs),
    eta_low_seconds: seconds(forecast.low_at),
    eta_high_seconds: seconds(forecast.high_at),
    bound_by: forecast.bound_by,
    unknown: forecast.unknown,
  };
}
