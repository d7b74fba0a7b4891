import { shortId } from '../domain/job/reference.ts';
import type { DiagnosedJob, Verification } from '../domain/triage/explanation.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { explainText } from '../presentation/triage/explain-text.ts';
import { actionOf } from './actions.ts';
import { openCard, whyNot } from './card.ts';
import type { DataAnswer } from './effects.ts';
import { followOf } from './follow.ts';
import { keyFor } from './key-hints.ts';
import { textWidth } from './layout.ts';
import { ask } from './loading.ts';
import { noticed } from './notice.ts';
import type { Reader, Ready } from './overlay.ts';
import { remedyActions } from './remedy-keys.ts';
import type { State, Step } from './state.ts';
import { targetOf } from './target.ts';

/** The runbooks' tree walked for the selected job; read again while it is open, so that what has been mended goes. */
export function explainSelected(state: State): Step {
  const target = targetOf(state);
  if (target === null) return [state, []];
  const { id, asset_name } = target.job;
  const reader: Reader = {
    type: 'reader',
    title: `Explain ${safeText(asset_name, { cap: 120 })} ${shortId(id)}`,
    text: 'asking every check of the runbooks …',
    top: 0,
    copy: null,
    source: { type: 'explain', id },
    live: true,
    follow: false,
  };
  const free = { ...state, overlay: reader, asked: { ...state.asked, reader: null } };
  return ask(free, 'reader', { type: 'explain-job', id });
}

/** The reader with what has been found out. */
export function explained(state: State, reader: Reader, judged: DiagnosedJob): Reader {
  const { zone } = state.options;
  const { ready: _, ...rest } = reader;
  const ready = readyOf(judged);
  return {
    ...rest,
    text: explainText(judged, { width: textWidth(state.size), zone }),
    copy: explainText(judged, { width: Number.POSITIVE_INFINITY, zone }),
    ...(ready === null ? {} : { ready }),
  };
}

function readyOf({ recommendation, findings, facts }: DiagnosedJob): Ready | null {
  const name = recommendation && remedyActions[recommendation.action];
  if (!name || recommendation.ready === null) return null;
  return { name, id: facts.id, checks: findings.map(({ check }) => check.name) };
}

function readyIn({ overlay }: State): Ready | null {
  return overlay?.type === 'reader' ? (overlay.ready ?? null) : null;
}

/** What Enter would do in the text that is read, or null. */
export function readyAction(state: State): string | null {
  const ready = readyIn(state);
  return ready === null ? null : actionOf(ready.name).action;
}

/** Why the recommended action cannot be done now, or null. */
export function noReady(state: State): string | null {
  const ready = readyIn(state);
  if (ready === null) return 'nothing is recommended that can be done from here';
  const target = targetOf(state);
  if (target?.job.id !== ready.id) return 'the selected row is another job by now';
  return whyNot(state, ready.name, target);
}

/** Opens the card of what is recommended. Whether it has helped is told when it has been done. */
export function openReady(state: State): Step {
  const ready = readyIn(state);
  const target = targetOf(state);
  if (ready === null || target === null) return [state, []];
  return openCard({ ...state, trial: { ...ready, since: null } }, ready.name, target);
}

/** Checks are asked again this often after the action, and for so long: executors need a moment. */
const verifyMs = 2000;
const patienceMs = 30_000;

/** Begins to verify once the action has come to its end; forgets it where the card was closed without a word. */
export function withTrial([state, effects]: Step): Step {
  const { trial } = state;
  if (trial === null || trial.since !== null || state.overlay?.type === 'card') {
    return [state, effects];
  }
  const follow = followOf(state, trial.id);
  if (follow?.name !== trial.name) return [{ ...state, trial: null }, effects];
  if (follow.phase !== 'settled') return [state, effects];
  if (follow.tone !== 'good') return [{ ...state, trial: null }, effects];
  const [next, more] = verify({ ...state, trial: { ...trial, since: state.at } });
  return [next, [...effects, ...more]];
}

export function verify(state: State): Step {
  const { trial } = state;
  if (trial === null) return [state, []];
  return ask(state, 'verify', { type: 'verify-job', id: trial.id, checks: trial.checks });
}

/** Says whether it has helped: at once where it has, else when the patience is over. */
export function verified(state: State, answer: DataAnswer): Step {
  const free = { ...state, asked: { ...state.asked, verify: null } };
  const { trial } = free;
  if (trial === null || trial.since === null) return [free, []];
  const helped = answer.type === 'verified' && answer.verification.helped;
  if (!helped && state.at - trial.since < patienceMs) {
    return [free, [{ type: 'timer', name: 'verify', after_ms: verifyMs }]];
  }
  const over = { ...free, trial: null };
  if (answer.type !== 'verified') return [over, []];
  const { action } = actionOf(trial.name);
  return helped
    ? noticed(over, `${action} has helped: ${titles(answer.verification)} no longer holds`)
    : noticed(
        over,
        `${action} has not helped: ${titles(answer.verification)} still holds (${keyFor(free, 'explain')} explains)`,
        'warn',
      );
}

function titles({ checks, helped }: Verification): string {
  return checks
    .filter(({ holds }) => holds !== helped)
    .map(({ title }) => `"${title}"`)
    .join(', ');
}
