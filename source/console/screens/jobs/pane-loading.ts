import type { JobDetail } from '../../../domain/job/detail.ts';
import { ask, unasked } from '../../model/asking.ts';
import type { DataAnswer, Effect } from '../../model/effects.ts';
import { keepOrderMs, rowOf } from '../../model/job-rows.ts';
import { hasPane } from '../../model/layout.ts';
import { isStale } from '../../model/link.ts';
import type { JobScreen, State, Step } from '../../model/state.ts';
import { jobRequest, withDetail } from '../job/loading.ts';
import { openedJob } from '../job/opened-job.ts';

/** How long the cursor rests on a job before its detail is read. */
const restMs = 250;
/** Minimum time between two readings of the detail. */
const againMs = 2000;

export function paneJob(state: State): JobScreen | null {
  if (!hasPane(state)) return null;
  const row = rowOf(state.jobs, state.jobs.cursor);
  if (row === null) return null;
  const known = state.pane?.id === row.job.id ? state.pane : openedJob(row.job);
  return { ...known, job: row.job, gone: row.gone };
}

/** A question about the previous job is dropped. */
export function withPane(step: Step): Step {
  const [state, effects] = step;
  if (!hasPane(state)) return state.pane === null ? step : [withoutPane(state), effects];
  const { cursor } = state.jobs;
  if (cursor === null || state.pane?.id === cursor) return step;
  const row = rowOf(state.jobs, cursor);
  if (row === null) return step;
  const next = { ...withoutPane(state), pane: openedJob(row.job) };
  const wait: Effect = { type: 'timer', name: 'pane', after_ms: restMs };
  return [next, [...effects, wait]];
}

function withoutPane(state: State): State {
  return unasked({ ...state, pane: null }, 'pane');
}

export function askPane(state: State): Step {
  const { pane, frozen_at } = state;
  if (!hasPane(state) || pane === null || pane.id !== state.jobs.cursor || isStale(state))
    return [state, []];
  if (frozen_at !== null && pane.detail !== null) return [state, []];
  const [, question] = jobRequest(pane, state.at);
  const { map_ranges: _, ...rest } = question;
  return ask(state, 'pane', { ...rest, map_buckets: 0 });
}

export function askPaneAgain(state: State): Step {
  const rested = state.at >= state.jobs.keep_order_until - keepOrderMs + restMs;
  const read = state.pane?.received_at ?? Number.NEGATIVE_INFINITY;
  return rested && state.at - read >= againMs ? askPane(state) : [state, []];
}

/** A failure is ignored: the table's question reports it. */
export function paneAnswered(state: State, answer: DataAnswer): Step {
  return [answer.type === 'job' ? shown(state, answer.detail) : state, []];
}

function shown(state: State, detail: JobDetail): State {
  const { pane } = state;
  if (pane === null || pane.id !== detail.job.id) return state;
  return { ...state, pane: withDetail(pane, detail, state.at) };
}
