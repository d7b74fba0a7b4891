import type { CardInput } from '../../background/follow.ts';
import { ask } from '../../model/asking.ts';
import type { DataAnswer } from '../../model/effects.ts';
import { dialogRows } from '../../model/layout.ts';
import { isStale } from '../../model/link.ts';
import { noticed } from '../../model/notice.ts';
import type { Card, RunItem, RunList } from '../../model/overlay.ts';
import {
  afterAnswer,
  isOpen,
  isRunOpen,
  nextAct,
  runOf,
  runSummary,
} from '../../model/run-items.ts';
import type { State, Step } from '../../model/state.ts';
import { type Motion, motionOf, movedIndex } from '../../widgets/list.ts';

export function startRun(state: State, card: Card, input: CardInput): Step {
  const run = runOf(card, card.plan!, input.parameters);
  const opened = { ...state, run, marks: new Set<string>(), range: null, notice: null };
  return next({ ...opened, overlay: { type: 'run', top: 0 } });
}

function next(state: State): Step {
  const { run } = state;
  const effect = run === null ? null : nextAct(run);
  if (run === null || effect === null) return [state, []];
  const sent = { ...state, run: { ...run, request: state.next_request, stopped: null } };
  return ask(sent, 'run', effect);
}

export function runAnswered(state: State, answer: DataAnswer): Step {
  if (state.run === null || !isOpen(state.run)) return [state, []];
  const after = { ...state, run: afterAnswer(state.run, answer) };
  return after.run.stopped === null ? next(after) : [after, []];
}

export function stopRun(state: State): Step {
  const { run } = state;
  if (run === null || !isRunOpen(state) || run.stopped !== null) return [state, []];
  return [{ ...state, run: { ...run, stopped: 'by hand' } }, []];
}

export function goOn(state: State): Step {
  const reason = whyNotGoOn(state);
  return reason === null ? next(state) : noticed(state, reason, 'warn');
}

export function whyNotGoOn(state: State): string | null {
  const { run } = state;
  if (run === null || !isOpen(run)) return 'the action has finished';
  if (run.stopped === null) return 'the action is still running';
  if (run.request !== null) return 'the last job has no answer yet';
  return isStale(state) ? 'no answer from the database yet' : null;
}

export function openRun(state: State): Step {
  return [{ ...state, overlay: { type: 'run', top: 0 } }, []];
}

export function runText({ run }: State): string {
  return run === null ? '' : runSummary(run);
}

const aroundItems = 2;
const roomForBar = 6;

export function layoutOf(items: readonly RunItem[], height: number): { bar: 0 | 1; rows: number } {
  const bar = height >= roomForBar && items.length > 0 ? 1 : 0;
  return { bar, rows: Math.max(1, height - aroundItems - bar) };
}

/** Jobs shown at a time, and the last one that can be the first shown: 0 if all are shown. */
export function scrollOf(state: State): { rows: number; last: number } {
  const items = state.run?.items ?? [];
  const { rows } = layoutOf(items, dialogRows(state));
  return { rows, last: Math.max(0, items.length - rows) };
}

const letters: Readonly<Record<string, Motion>> = { j: 'down', k: 'up', g: 'first', G: 'last' };

export function runKey(state: State, { top }: RunList, { key }: { key: string }): Step {
  const motion = motionOf(key) ?? letters[key];
  if (motion !== undefined) {
    const { rows, last } = scrollOf(state);
    const next = movedIndex(motion, top, last + 1, rows);
    return [{ ...state, overlay: { type: 'run', top: next } }, []];
  }
  if (key === 'y') return goOn(state);
  if (key === 'S') return stopRun(state);
  if (key !== 'escape' && key !== 'q' && key !== 'enter') return [state, []];
  const read =
    state.run === null || isRunOpen(state) ? state.run : { ...state.run, read: true as const };
  return [{ ...state, overlay: null, run: read }, []];
}
