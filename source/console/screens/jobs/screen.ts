import { ask } from '../../model/asking.ts';
import { keepOrderMs, rowsOf } from '../../model/job-rows.ts';
import { jobsLayout } from '../../model/layout.ts';
import { isPaged, jobsQuestion } from '../../model/paging.ts';
import type { State } from '../../model/state.ts';
import { type Motion, movedIndex, windowTop } from '../../widgets/list.ts';
import type { Screen } from '../contract.ts';
import { withRange } from './marks.ts';

export const jobsScreen: Screen = {
  ask: (state) => ask(state, 'jobs', jobsQuestion(state)),
  unread: () => false,
  interval: ({ interval_ms }) => interval_ms,
  move: moved,
};

function moved(state: State, motion: Motion): State {
  const end = state.jobs.list?.page;
  const beyond =
    (motion === 'first' && end?.before) || (motion === 'last' && end?.after) ? motion : null;
  if (beyond !== null && isPaged(state.jobs) && state.frozen_at === null) {
    return { ...state, jobs: { ...state.jobs, goal: beyond } };
  }
  const rows = rowsOf(state.jobs);
  const index = rows.findIndex(({ job }) => job.id === state.jobs.cursor);
  const next = rows[movedIndex(motion, index, rows.length, jobsLayout(state).rows)];
  if (next === undefined) return state;
  return withRange({
    ...state,
    jobs: {
      ...state.jobs,
      cursor: next.job.id,
      goal: null,
      keep_order_until: state.at + keepOrderMs,
    },
  });
}

export function jobsWindowed(state: State): State {
  const { order, cursor } = state.jobs;
  const index = cursor === null ? 0 : Math.max(0, order.indexOf(cursor));
  const top = windowTop(state.jobs.top, index, jobsLayout(state).rows, order.length);
  return top === state.jobs.top ? state : { ...state, jobs: { ...state.jobs, top } };
}
