import { parseFilter } from '../domain/job-filter.ts';
import { rearrange } from './arrange.ts';
import { unanswered } from './follow.ts';
import { refresh } from './loading.ts';
import { dismissed, noticed } from './notice.ts';
import { selectedItem } from './panels.ts';
import { openReader } from './reader.ts';
import { type JobScreen, panelNames, type State, type Step } from './state.ts';
import { targetOf } from './target.ts';

export function showJobs(state: State): Step {
  return state.screen === 'jobs' ? [state, []] : refresh({ ...state, screen: 'jobs' });
}

/** Opens the job with what the table knows of it; the rest follows. */
export function showJob(state: State): Step {
  const target = targetOf(state);
  if (target === null) return [state, []];
  const { job, gone, received_at } = target;
  const screen: JobScreen = {
    id: job.id,
    job,
    detail: null,
    map: [],
    map_read_at: null,
    map_state: null,
    received_at,
    gone,
    panel: job.failed_partitions > 0 ? 'failed' : 'open',
    selected: { failed: null, open: null, events: null },
  };
  return refresh({ ...state, screen: 'job', job: screen, asked: { ...state.asked, job: null } });
}

export function turnPanel(state: State, by: 1 | -1): Step {
  if (state.job === null) return [state, []];
  const index = panelNames.indexOf(state.job.panel) + by + panelNames.length;
  return [{ ...state, job: { ...state.job, panel: panelNames[index % panelNames.length]! } }, []];
}

export function readSelected(state: State): Step {
  const item = state.job && selectedItem(state.job);
  return [item ? { ...state, overlay: openReader(state, item) } : state, []];
}

/** Closes what lies on top; at the root it clears the filter, then the remarks. It never quits. */
export function goBack(state: State): Step {
  if (state.overlay !== null) return [{ ...state, overlay: null }, []];
  if (state.screen === 'job') return showJobs(state);
  if (state.jobs.filter.text === '') return [dismissed(state), []];
  return [{ ...state, jobs: rearrange({ ...state.jobs, filter: parseFilter('') }) }, []];
}

/** Back; from the job table it quits, unless that would leave an action's outcome unknown. */
export function backOrQuit(state: State): Step {
  if (state.screen !== 'jobs' || state.overlay !== null) return goBack(state);
  const open = unanswered(state);
  return open === null
    ? [state, [{ type: 'exit', code: 0 }]]
    : noticed(
        state,
        `the database has not answered yet (${open.action} ${open.asset_name}): Ctrl-C quits anyway`,
        'warn',
      );
}
