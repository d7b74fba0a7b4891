import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { parametersOf } from '../card.ts';
import type { DataAnswer } from '../effects.ts';
import type { CardPlan } from '../overlay.ts';
import { afterAnswer, isOpen, nextAct, runOf, runSummary, whyNotOnward } from '../run-items.ts';
import { nameOf } from './job-lines.ts';
import type { Asking, PlainState, PlainStep } from './state.ts';

export function beginRun(state: PlainState, asking: Asking, plan: CardPlan, at: number): PlainStep {
  const run = runOf(asking, plan, parametersOf(asking));
  const { state: next, lines = [], effects } = onward({ ...state, run }, at);
  const head = `${asking.name} ${plural(Number(asking.expected), 'job')}: one after the other; stop ends it after the current job.`;
  return { state: next, lines: [head, ...lines], effects };
}

function onward(state: PlainState, at: number): PlainStep {
  const { run } = state;
  const effect = run === null ? null : nextAct(run);
  if (run === null || effect === null) {
    return { state, lines: run === null ? [] : [`${runSummary(run)}.`] };
  }
  return {
    state: { ...state, run: { ...run, request: at, stopped: null } },
    effects: [{ type: 'data', effect }],
  };
}

/** Prints the result of the last job and sends the next, unless stopped. */
export function runAnswered(state: PlainState, answer: DataAnswer, at: number): PlainStep {
  const { run } = state;
  const item = run?.items.find(({ result }) => result === null);
  if (run === null || item === undefined) return { state };
  const after = afterAnswer(run, answer);
  const now = after.items[run.items.indexOf(item)]!;
  const line =
    now.result === null
      ? `${nameOf(item.job)}: no answer, outcome unknown`
      : `${now.result.result}: ${nameOf(item.job)}: ${safeText(now.result.message, { cap: 1000 })}`;
  const current = { ...state, run: after };
  if (after.stopped !== null && isOpen(after)) {
    return { state: current, lines: [line, `${runSummary(after)}. Type continue to do the rest.`] };
  }
  const { state: next, lines = [], effects } = onward(current, at);
  return { state: next, lines: [line, ...lines], effects };
}

export function stopRun(state: PlainState): PlainStep {
  const { run } = state;
  if (run === null || !isOpen(run)) return { state, lines: ['No action is running.'] };
  if (run.stopped !== null) return { state, lines: [`${runSummary(run)}.`] };
  return {
    state: { ...state, run: { ...run, stopped: 'by hand' } },
    lines: ['Stopping after the current job.'],
  };
}

/** Only a command continues a stopped action, and only once the database answers. */
export function goOn(state: PlainState, at: number): PlainStep {
  const reason = whyNotOnward(state.run, state.down);
  return reason === null ? onward(state, at) : { state, lines: [`Not now: ${reason}.`] };
}
