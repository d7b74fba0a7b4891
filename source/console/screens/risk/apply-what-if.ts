import { isApplicable } from '../../../domain/advice/actions.ts';
import { type Advice, type Remedy, whatIfOf } from '../../../domain/advice/advice.ts';
import { consoleEffort } from '../../../domain/advice/advise.ts';
import { adviseOnRow } from '../../../domain/advice/board-advice.ts';
import type { WhatIf } from '../../../domain/forecast/what-if.ts';
import type { ActionParameters } from '../../../domain/job/action.ts';
import { askChanges, whyNoPlan } from '../../dialogs/card/planning.ts';
import { openCard, whyNot } from '../../dialogs/card/state.ts';
import type { ActionName } from '../../model/actions.ts';
import { orderOf, underCursor } from '../../model/boards.ts';
import type { PlannedChange } from '../../model/overlay.ts';
import type { Target } from '../../model/present.ts';
import type { State, Step } from '../../model/state.ts';

type JobChange = { id: string; change: PlannedChange };

/**
 * The what-if changes of a job as actions. The pause comes last: the others are bound to the
 * version shown, which a pause or a resume increments.
 */
function changesOfJob(id: string, what: WhatIf): JobChange[] {
  const settings = [
    ['parallel', what.parallel[id]],
    ['priority', what.priority[id]],
  ].flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const deadline = what.deadline[id];
  const one = (name: ActionName, parameters: ActionParameters = {}) => ({
    id,
    change: { name, parameters },
  });
  return [
    ...(settings.length === 0 ? [] : [one('tune', Object.fromEntries(settings))]),
    ...(deadline === undefined
      ? []
      : [one('deadline', { deadline: deadline?.toISOString() ?? 'none' })]),
    ...(what.retry_failed.includes(id) ? [one('retry')] : []),
    ...(what.resume.includes(id) ? [one('resume')] : []),
    ...(what.pause.includes(id) ? [one('pause')] : []),
  ];
}

function changesOf({ boards }: State): JobChange[] {
  return orderOf('risk', boards.risk).flatMap((id) => changesOfJob(id, boards.risk.what));
}

function targetOfRow({ boards }: State, id: string): Target | null {
  const { data, received_at } = boards.risk;
  const job = data?.jobs.find((one) => one.id === id);
  if (!data || job === undefined || received_at === null) return null;
  return { job, gone: false, as_of: data.as_of, received_at };
}

function adviceOf({ boards }: State): Advice | null {
  const board = boards.risk;
  const row = underCursor('risk', board)?.row;
  if (board.data === null || row === undefined) return null;
  return adviseOnRow(board.data, row.id, consoleEffort);
}

/** Why there is no remedy to apply, or null. */
export function whyNoRemedy(state: State): string | null {
  const advice = adviceOf(state);
  if (advice === null) return 'no job is selected that is forecast';
  const [best] = advice.remedies;
  if (advice.verdict === 'on_time' || advice.verdict === 'none') return 'nothing is to be done';
  if (best === undefined) return 'no change of jobs brings it in';
  if (!isApplicable(best)) return 'this remedy is not an action on jobs: servo-tui advise names it';
  return whyNotApply(withRemedy(state, best));
}

function withRemedy(state: State, remedy: Remedy): State {
  const { risk } = state.boards;
  return { ...state, boards: { ...state.boards, risk: { ...risk, what: whatIfOf(remedy.steps) } } };
}

/** Sets the remedy of the selected job as the what-if, and opens the dialog that makes it. */
export function applyRemedy(state: State): Step {
  const [best] = adviceOf(state)?.remedies ?? [];
  return best === undefined ? [state, []] : applyWhatIf(withRemedy(state, best));
}

export function whyNotApply(state: State): string | null {
  const [first, ...more] = changesOf(state);
  if (first !== undefined) {
    return more.length > 0
      ? whyNoPlan(state)
      : whyNot(state, first.change.name, targetOfRow(state, first.id));
  }
  return state.boards.risk.what.slots === null
    ? 'no what-if change is set'
    : 'an executor adds slots. Start one: servo-tui --worker';
}

/**
 * Opens the dialog of the only change, filled in; for several changes one dialog that lists them.
 */
export function applyWhatIf(state: State): Step {
  const all = changesOf(state);
  const [first, ...more] = all;
  if (first === undefined) return [state, []];
  if (more.length > 0) return askChanges(state, all);
  const target = targetOfRow(state, first.id);
  if (target === null) return [state, []];
  const { risk } = state.boards;
  const there = { ...state, boards: { ...state.boards, risk: { ...risk, cursor: first.id } } };
  return openCard(there, first.change.name, target, first.change.parameters);
}
