import { ask, chain } from '../model/asking.ts';
import { withBoardData } from '../model/board-order.ts';
import type { DataAnswer, Effect } from '../model/effects.ts';
import { isStale } from '../model/link.ts';
import { jobsQuestion } from '../model/paging.ts';
import type { State, Step } from '../model/state.ts';

const alertsMs = 15_000;
/**
 * A missing executor is shown on every screen, and must not be shown long after one has started.
 */
const noExecutorMs = 3000;
/** The header counts jobs on every screen; only the job table reads them anyway. */
const countsMs = 5000;

export function askAlerts(state: State): Step {
  const again: Effect = { type: 'timer', name: 'alerts', after_ms: alertsMs };
  if (state.frozen_at !== null) return [state, [again]];
  const question = { type: 'load-board', board: 'alerts', check: null } as const;
  return chain(ask(state, 'alerts', question), (next) => [next, [again]]);
}

export function askCounts(state: State): Step {
  const after_ms = Math.max(countsMs, state.cost.pace_ms);
  const again: Effect = { type: 'timer', name: 'counts', after_ms };
  const idle = state.screen === 'jobs' || state.frozen_at !== null || isStale(state);
  if (idle) return [state, [again]];
  return chain(ask(state, 'jobs', jobsQuestion(state)), (next) => [next, [again]]);
}

/** A missing answer or a failure is ignored: the screen's own question reports it. */
export function alertsAnswered(state: State, answer: DataAnswer): Step {
  if (answer.type !== 'board' || answer.board !== 'alerts') return [state, []];
  const alerts = withBoardData(state, 'alerts', state.boards.alerts, answer.data);
  const { alive, silent } = answer.data.executors;
  const sooner: Effect = { type: 'timer', name: 'alerts', after_ms: noExecutorMs };
  const next = { ...state, boards: { ...state.boards, alerts } };
  return [next, alive === 0 || silent > 0 ? [sooner] : []];
}
