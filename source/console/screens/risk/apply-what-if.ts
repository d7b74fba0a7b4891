import type { ActionParameters } from '../../../domain/job/action.ts';
import type { WhatIf } from '../../../domain/risk/what-if.ts';
import { askChanges, whyNoPlan } from '../../dialogs/card/planning.ts';
import { openCard, whyNot } from '../../dialogs/card/state.ts';
import type { ActionName } from '../../model/actions.ts';
import { orderOf } from '../../model/boards.ts';
import type { PlannedChange } from '../../model/overlay.ts';
import type { Target } from '../../model/present.ts';
import type { State, Step } from '../../model/state.ts';

type JobChange = { id: string; change: PlannedChange };

/**
 * The what-if changes of a job as actions. The pause comes last: the others are bound to the
 * version shown, and a pause increments it.
 */
function changesOfJob(id: string, what: WhatIf): JobChange[] {
  const parallel = what.parallel[id];
  const deadline = what.deadline[id];
  const one = (name: ActionName, parameters: ActionParameters = {}) => ({
    id,
    change: { name, parameters },
  });
  return [
    ...(parallel === undefined ? [] : [one('tune', { parallel: String(parallel) })]),
    ...(deadline === undefined
      ? []
      : [one('deadline', { deadline: deadline?.toISOString() ?? 'none' })]),
    ...(what.retry_failed.includes(id) ? [one('retry')] : []),
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
