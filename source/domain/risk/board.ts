import type { JobView } from '../job/job.ts';
import { compareRank } from '../job/rank.ts';
import { later } from '../time/time.ts';
import { compareUrgency } from './risk.ts';
import { type BufferFit, bufferFit, bufferOf, type Tier, tierOf } from './tier.ts';
import { type Fleet, forecastWhatIf, isNoChange, type Outlook, type WhatIf } from './what-if.ts';

export type RiskBoard = {
  as_of: Date;
  tenant_id: string;
  /** The threshold early_warning, in milliseconds. */
  early_warning: number;
  fleet: Fleet;
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

/**
 * Jobs with a deadline, the most urgent first; then the others, by the slots they would free or
 * take.
 */
export function riskRows(board: RiskBoard, what: WhatIf): RiskRow[] {
  const { jobs, fleet, as_of, early_warning } = board;
  const then = isNoChange(what) ? null : forecastWhatIf(jobs, fleet, what, as_of, early_warning);
  return jobs
    .toSorted(
      (a, b) =>
        Number(a.sla_deadline_at === null) - Number(b.sla_deadline_at === null) ||
        (a.sla_deadline_at === null
          ? b.running_slots - a.running_slots || compareRank(a, b) || (a.id < b.id ? -1 : 1)
          : compareUrgency(a, b)),
    )
    .map((job) => riskRow(job, then?.get(job.id) ?? null, as_of));
}

export function riskRow(job: JobView, what_if: Outlook | null, asOf: Date): RiskRow {
  const sla_tier = tierOf(job.priority);
  const end = job.eta_seconds === null ? null : later(asOf, job.eta_seconds * 1000);
  const sla_buffer =
    end === null || job.sla_deadline_at === null
      ? null
      : bufferOf(job.started_at ?? asOf, end, job.sla_deadline_at);
  const sla_buffer_fit = sla_buffer === null ? null : bufferFit(sla_tier, sla_buffer);
  return { ...job, sla_tier, sla_buffer, sla_buffer_fit, what_if };
}
