import { isNoChange, noChange, openSlots, type WhatIf } from '../../../domain/forecast/what-if.ts';
import { refusalOf } from '../../../domain/job/state.ts';
import { readStrategy } from '../../../domain/job/strategy.ts';
import type { RiskRow } from '../../../domain/risk/board.ts';
import { highestPriority, lowestPriority } from '../../../domain/risk/tier.ts';
import { mostSlots } from '../../../domain/risk/what-if-input.ts';
import { later } from '../../../domain/time/time.ts';
import { withOrderKept } from '../../model/board-order.ts';
import { underCursor } from '../../model/boards.ts';
import type { State, Step } from '../../model/state.ts';

const deadlineStepMs = 15 * 60_000;
/** More than any job may have (domain/start/request.ts). */
const mostParallel = 10_000;

type Selected = { row: RiskRow; what: WhatIf };

function selected(state: State): Selected | null {
  const board = state.boards.risk;
  const row = underCursor('risk', board)?.row ?? null;
  return row === null ? null : { row, what: board.what };
}

function setWhatIf(state: State, what: WhatIf): Step {
  const risk = withOrderKept<'risk'>({ ...state.boards.risk, what }, state.at);
  return [{ ...state, boards: { ...state.boards, risk } }, []];
}

export function noSlots({ boards }: State): string | null {
  return boards.risk.data === null ? 'still loading' : null;
}

export function turnSlots(state: State, by: 1 | -1): Step {
  const { data, what } = state.boards.risk;
  if (data === null) return [state, []];
  const now = openSlots(data.snapshot);
  const slots = within((what.slots ?? now) + by, 0, mostSlots);
  return setWhatIf(state, { ...what, slots: slots === now ? null : slots });
}

export function turnParallel(state: State, by: 1 | -1): Step {
  const chosen = selected(state);
  if (chosen === null) return [state, []];
  const { row, what } = chosen;
  const now = readStrategy(row.execution_strategy).max_parallel;
  const parallel = within((what.parallel[row.id] ?? now) + by, 1, mostParallel);
  return setWhatIf(state, {
    ...what,
    parallel: changed(what.parallel, row.id, parallel === now ? null : parallel),
  });
}

export function turnPriority(state: State, by: 1 | -1): Step {
  const chosen = selected(state);
  if (chosen === null) return [state, []];
  const { row, what } = chosen;
  const priority = within(
    (what.priority[row.id] ?? row.priority) + by,
    lowestPriority,
    highestPriority,
  );
  return setWhatIf(state, {
    ...what,
    priority: changed(what.priority, row.id, priority === row.priority ? null : priority),
  });
}

export function noDeadline(state: State): string | null {
  const chosen = selected(state);
  if (chosen === null) return 'no job is selected';
  return chosen.row.sla_deadline_at === null ? 'this job has no deadline to move' : null;
}

export function moveDeadline(state: State, by: 1 | -1): Step {
  const chosen = selected(state);
  const now = chosen?.row.sla_deadline_at;
  if (!chosen || !now) return [state, []];
  const { row, what } = chosen;
  const deadline = later(what.deadline[row.id] ?? now, by * deadlineStepMs);
  const same = deadline.getTime() === now.getTime();
  return setWhatIf(state, {
    ...what,
    deadline: changed(what.deadline, row.id, same ? null : deadline),
  });
}

export function noPause(state: State): string | null {
  const chosen = selected(state);
  if (chosen === null) return 'no job is selected';
  return chosen.row.state === 'paused' ? null : refusalOf('pause', chosen.row.state);
}

/** A paused job is resumed. */
export function turnPause(state: State): Step {
  const chosen = selected(state);
  if (chosen === null) return [state, []];
  const { row, what } = chosen;
  return setWhatIf(
    state,
    row.state === 'paused'
      ? { ...what, resume: turned(what.resume, row.id) }
      : { ...what, pause: turned(what.pause, row.id) },
  );
}

export function noFailures(state: State): string | null {
  const chosen = selected(state);
  if (chosen === null) return 'no job is selected';
  return chosen.row.failed_partitions === 0 ? 'no partition of this job has failed' : null;
}

export function turnRetry(state: State): Step {
  const chosen = selected(state);
  if (chosen === null) return [state, []];
  const { row, what } = chosen;
  return setWhatIf(state, { ...what, retry_failed: turned(what.retry_failed, row.id) });
}

export function noWhatIf({ boards }: State): string | null {
  return isNoChange(boards.risk.what) ? 'no what-if change is set' : null;
}

export function resetWhatIf(state: State): Step {
  return setWhatIf(state, noChange);
}

function within(figure: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, figure));
}

function turned(ids: readonly string[], id: string): readonly string[] {
  return ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
}

function changed<T>(
  record: Readonly<Record<string, T>>,
  id: string,
  value: T | null,
): Readonly<Record<string, T>> {
  const { [id]: _, ...others } = record;
  return value === null ? others : { ...others, [id]: value };
}
