import type { RiskRow } from '../domain/risk-board.ts';
import type { WhatIf } from '../domain/what-if.ts';
import type { ActionName } from './actions.ts';
import { listed, underCursor } from './boards.ts';
import { openCard, whyNot } from './card.ts';
import type { Card, State, Step } from './state.ts';
import type { Target } from './target.ts';

/** One card that makes true a part of what is supposed. */
type Application = { name: ActionName; row: RiskRow; values: Partial<Card['values']> };

/** What is supposed of a job as actions, in the order in which they should be taken. */
function applicationsOf(row: RiskRow, what: WhatIf): Application[] {
  const { id } = row;
  const parallel = what.parallel[id];
  const deadline = what.deadline[id];
  const one = (name: ActionName, values: Partial<Card['values']> = {}) => ({ name, row, values });
  return [
    ...(what.pause.includes(id) ? [one('pause')] : []),
    ...(parallel === undefined ? [] : [one('tune', { parallel: String(parallel) })]),
    ...(deadline === undefined
      ? []
      : [one('deadline', { deadline: deadline?.toISOString() ?? 'none' })]),
    ...(what.retry_failed.includes(id) ? [one('retry')] : []),
  ];
}

/** The next thing to do: to the selected job first, then to the others in their order. */
function nextOf(state: State): Application | null {
  const board = state.boards.risk;
  const selected = underCursor('risk', board)?.row;
  const rows = listed('risk', board).map(({ row }) => row);
  const ordered = selected === undefined ? rows : [selected, ...rows];
  for (const row of ordered) {
    const [first] = applicationsOf(row, board.what);
    if (first !== undefined) return first;
  }
  return null;
}

function targetOfRow({ boards }: State, row: RiskRow): Target | null {
  const { data, received_at } = boards.risk;
  if (data === null || received_at === null) return null;
  const job = data.jobs.find(({ id }) => id === row.id)!;
  return { job, gone: false, as_of: data.as_of, received_at };
}

/** Why nothing can be applied, or null. */
export function whyNotApply(state: State): string | null {
  const next = nextOf(state);
  if (next !== null) return whyNot(state, next.name, targetOfRow(state, next.row));
  return state.boards.risk.what.slots === null
    ? 'nothing is supposed'
    : 'slots are executors: start one with servo-tui --worker';
}

/** Opens the card of the next action, filled in; the cursor goes to its job. Each is confirmed by itself. */
export function applyNext(state: State): Step {
  const next = nextOf(state);
  const target = next && targetOfRow(state, next.row);
  if (!next || !target) return [state, []];
  const { risk } = state.boards;
  const there = { ...state, boards: { ...state.boards, risk: { ...risk, cursor: next.row.id } } };
  return openCard(there, next.name, target, next.values);
}
