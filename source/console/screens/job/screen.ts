import { ask, asked } from '../../model/asking.ts';
import { jobLayout } from '../../model/layout.ts';
import { panelItems, selectedIndex } from '../../model/panels.ts';
import type { State, Step } from '../../model/state.ts';
import { type Motion, movedIndex } from '../../widgets/list.ts';
import type { Screen } from '../contract.ts';
import { isHalfRead, jobRequest } from './loading.ts';

export const jobScreen: Screen = {
  ask: askJob,
  unread: ({ job }) => job !== null && isHalfRead(job),
  interval: ({ interval_ms }) => interval_ms,
  move: moved,
};

function askJob(state: State): Step {
  if (state.job === null || asked(state, 'job') !== null) return [state, []];
  const [job, effect] = jobRequest(state.job, state.at);
  return ask({ ...state, job }, 'job', effect);
}

function moved(state: State, motion: Motion): State {
  const { job } = state;
  if (job === null) return state;
  const items = panelItems(job, job.panel);
  const page = Math.max(1, jobLayout(state, job).panels - 1);
  const index = movedIndex(motion, selectedIndex(job, items, job.panel), items.length, page);
  const next = items[index];
  if (next === undefined) return state;
  return { ...state, job: { ...job, selected: { ...job.selected, [job.panel]: next.key } } };
}
