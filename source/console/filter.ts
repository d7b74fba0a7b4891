import { parseFilter, problemsWord } from '../domain/job/filter.ts';
import { rearrange } from './arrange.ts';
import { isBoard } from './boards.ts';
import type { State } from './state.ts';

export function filterText({ screen, jobs, boards }: State): string {
  if (isBoard(screen)) return boards[screen].filter;
  return screen === 'jobs' ? jobs.filter.text : '';
}

export function filtered(state: State, text: string): State {
  const { screen, boards } = state;
  if (isBoard(screen)) {
    const board = { ...boards[screen], filter: text, order: null, keep_order_until: 0 };
    return { ...state, boards: { ...boards, [screen]: board } };
  }
  return { ...state, jobs: rearrange({ ...state.jobs, filter: parseFilter(text) }) };
}

export function turnProblems(state: State): State {
  const words = filterText(state).split(/\s+/).filter(Boolean);
  const others = words.filter((word) => word !== problemsWord);
  return filtered(
    state,
    (others.length < words.length ? others : [...words, problemsWord]).join(' '),
  );
}
