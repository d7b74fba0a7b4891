import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { CheckName } from '../../domain/triage/checks.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { whyUnanswered } from '../background/follow.ts';
import { openSource } from '../dialogs/reader/state.ts';
import { runText } from '../dialogs/run/state.ts';
import { unasked } from '../model/asking.ts';
import { emptyBoards, underCursor } from '../model/boards.ts';
import { isReadingForCard } from '../model/late-typing.ts';
import { dismissed, noticed } from '../model/notice.ts';
import { partitionKeyOf, relatedJob, selectedItem } from '../model/panels.ts';
import { filtered, filterText, targetOf } from '../model/present.ts';
import { isRunOpen } from '../model/run-items.ts';
import {
  type JobScreen,
  panelNames,
  type ScreenName,
  type State,
  type Step,
} from '../model/state.ts';
import { openItem, openPartition } from './job/open-item.ts';
import { openedJob } from './job/opened-job.ts';
import { refresh } from './loading.ts';

export function showScreen(state: State, screen: ScreenName): Step {
  if (screen === state.screen) return [{ ...state, trail: [] }, []];
  if (screen === 'job') return showJob(state);
  return enter({ ...state, trail: [] }, screen);
}

function chosenCheck({ screen, boards }: State): CheckName | null {
  return screen === 'alerts'
    ? (underCursor('alerts', boards.alerts)?.row.check ?? null)
    : (underCursor('triage', boards.triage)?.row.check.name ?? null);
}

export function showCheck(state: State): Step {
  const name = chosenCheck(state);
  if (name === null) return [state, []];
  // Rows of another check must not be shown meanwhile.
  const boards =
    name === state.check ? state.boards : { ...state.boards, check: emptyBoards.check };
  const trail = [...state.trail, state.screen];
  return enter({ ...state, check: name, boards, trail }, 'check');
}

function enter(state: State, screen: ScreenName): Step {
  return refresh(unasked({ ...state, screen }, 'job', 'board', 'reader'));
}

export function showJob(state: State): Step {
  const target = targetOf(state);
  if (target === null) return [state, []];
  const { job, gone, received_at } = target;
  const screen: JobScreen = { ...openedJob(job), received_at, gone };
  const trail = state.screen === 'job' ? state.trail : [...state.trail, state.screen];
  return enter({ ...state, job: screen, trail }, 'job');
}

export function openJob(state: State, job: JobView, received_at: number | null): Step {
  const trail = state.screen === 'job' ? state.trail : [...state.trail, state.screen];
  return enter({ ...state, job: { ...openedJob(job), received_at }, trail }, 'job');
}

export function turnPanel(state: State, by: 1 | -1): Step {
  if (state.job === null) return [state, []];
  const index = panelNames.indexOf(state.job.panel) + by + panelNames.length;
  return [{ ...state, job: { ...state.job, panel: panelNames[index % panelNames.length]! } }, []];
}

/**
 * Opens the selection: unfolds failures of one kind, shows a partition, or goes to a related job.
 */
export function openSelected(state: State): Step {
  const { job } = state;
  const item = job && selectedItem(job);
  if (job === null || item === null) return [state, []];
  if (item.panel === 'failed' && item.partition === null && item.group.count > 1) {
    const unfolded = job.unfolded === item.key ? null : item.key;
    return [{ ...state, job: { ...job, unfolded } }, []];
  }
  const related = relatedJob(item);
  if (related !== null) {
    const received_at = job.insight_read_at;
    return enter({ ...state, job: { ...openedJob(related), received_at, before: job } }, 'job');
  }
  return openItem(state, job, item);
}

export function readLog(state: State): Step {
  const { job } = state;
  const key = job && partitionKeyOf(selectedItem(job));
  if (job === null || key === null) return [state, []];
  return openPartition(state, job, key, 'log');
}

export function noLog({ job }: State): string | null {
  if (job === null || job.detail === null) return 'still loading';
  return partitionKeyOf(selectedItem(job)) === null ? 'no partition is selected' : null;
}

export function readSql(state: State): Step {
  const { job } = state;
  if (job === null) return [state, []];
  const title = `SQL of ${safeText(job.job.asset_name, { cap: 100 })} ${shortId(job.id)}`;
  return openSource(state, title, { type: 'job-sql', id: job.id }, 'loading …');
}

/** Closes what is on top, then clears the filter, then goes to the previous screen. Never quits. */
export function goBack(state: State): Step {
  if (state.overlay !== null) return [{ ...state, overlay: null }, []];
  if (isReadingForCard(state))
    return [unasked({ ...state, planning: null, notice: null }, 'plan'), []];
  if (filterText(state) !== '') return [filtered(state, ''), []];
  if (state.screen === 'jobs') return [dismissed(state), []];
  const before = state.screen === 'job' ? (state.job?.before ?? null) : null;
  if (before !== null) return enter({ ...state, job: before }, 'job');
  return enter({ ...state, trail: state.trail.slice(0, -1) }, state.trail.at(-1) ?? 'jobs');
}

export function backOrQuit(state: State): Step {
  return state.screen !== 'jobs' || state.overlay !== null ? goBack(state) : quit(state);
}

export function quit(state: State): Step {
  if (isRunOpen(state)) return noticed(state, `${runText(state)}: Ctrl-C quits anyway`, 'warn');
  const open = whyUnanswered(state);
  return open === null
    ? [state, [{ type: 'exit', code: 0 }]]
    : noticed(state, `${open}: Ctrl-C quits anyway`, 'warn');
}
