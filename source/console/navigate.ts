import { emptyBoards, underCursor } from './boards.ts';
import { filtered, filterText } from './filter.ts';
import { unanswered } from './follow.ts';
import { refresh } from './loading.ts';
import { dismissed, noticed } from './notice.ts';
import { selectedItem } from './panels.ts';
import { openReader } from './reader.ts';
import { type JobScreen, panelNames, type ScreenName, type State, type Step } from './state.ts';
import { targetOf } from './target.ts';

/** Goes to a screen by its key: `back` from there leads to the job table. */
export function showScreen(state: State, screen: ScreenName): Step {
  if (screen === state.screen) return [{ ...state, trail: [] }, []];
  if (screen === 'job') return showJob(state);
  return enter({ ...state, trail: [] }, screen);
}

/** What the check under the cursor finds. */
export function showCheck(state: State): Step {
  const chosen = underCursor('triage', state.boards.triage);
  if (chosen === null) return [state, []];
  const { name } = chosen.row.check;
  // The rows of another check must not stand there until these have come.
  const boards =
    name === state.check ? state.boards : { ...state.boards, check: emptyBoards.check };
  const trail = [...state.trail, state.screen];
  return enter({ ...state, check: name, boards, trail }, 'check');
}

/** The answer to what another screen has asked is of no use any more. */
function enter(state: State, screen: ScreenName): Step {
  const { jobs, watch } = state.asked;
  return refresh({ ...state, screen, asked: { jobs, job: null, board: null, watch } });
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
  const trail = state.screen === 'job' ? state.trail : [...state.trail, state.screen];
  return enter({ ...state, job: screen, trail }, 'job');
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

/** Closes what lies on top, then clears the filter, then goes back to where one came from. It never quits. */
export function goBack(state: State): Step {
  if (state.overlay !== null) return [{ ...state, overlay: null }, []];
  if (filterText(state) !== '') return [filtered(state, ''), []];
  if (state.screen === 'jobs') return [dismissed(state), []];
  return enter({ ...state, trail: state.trail.slice(0, -1) }, state.trail.at(-1) ?? 'jobs');
}

/** Back; from the job table it quits, unless that would leave an action's outcome unknown. */
export function backOrQuit(state: State): Step {
  if (state.screen !== 'jobs' || state.overlay !== null) return goBack(state);
  const open = unanswered(state);
  return open === null
    ? [state, [{ type: 'exit', code: 0 }]]
    : noticed(
        state,
        `the database has not answered yet (${open.name} ${open.asset_name}): Ctrl-C quits anyway`,
        'warn',
      );
}
