import { shortId } from '../domain/job/reference.ts';
import type { DiagnosedJob, Verification } from '../domain/triage/explanation.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { explainText } from '../presentation/triage/explain-text.ts';
import { actionOf } from './actions.ts';
import { ask, unasked } from './asking.ts';
import { openCard, whyNot } from './card.ts';
import type { DataAnswer } from './effects.ts';
import { followOf } from './follow.ts';
import { keyFor } from './key-hints.ts';
import { textWidth } from './layout.ts';
import { noticed } from './notice.ts';
import type { Reader, RecommendedAction } from './overlay.ts';
import { targetOf } from './present.ts';
import { remedyActions } from './remedy-keys.ts';
import type { State, Step } from './state.ts';

/** Runs the decision tree for the selected job, and again while the text is open. */
export function explainSelected(state: State): Step {
  const target = targetOf(state);
  if (target === null) return [state, []];
  const { id, asset_name } = target.job;
  const reader: Reader = {
    type: 'reader',
    title: `Explain ${safeText(asset_name, { cap: 120 })} ${shortId(id)}`,
    text: 'running every check of the runbooks …',
    top: 0,
    copy: null,
    source: { type: 'explain', id },
    live: true,
    follow: false,
  };
  const free = unasked({ ...state, overlay: reader }, 'reader');
  return ask(free, 'reader', { type: 'explain-job', id });
}

export function explained(state: State, reader: Reader, diagnosed: DiagnosedJob): Reader {
  const { zone } = state.options;
  const { recommended: _, ...rest } = reader;
  const recommended = recommendedIn(diagnosed);
  return {
    ...rest,
    text: explainText(diagnosed, { width: textWidth(state.size), zone }),
    copy: explainText(diagnosed, { width: Number.POSITIVE_INFINITY, zone }),
    ...(recommended === null ? {} : { recommended }),
  };
}

function recommendedIn({
  recommendation,
  findings,
  facts,
}: DiagnosedJob): RecommendedAction | null {
  const name = recommendation && remedyActions[recommendation.action];
  if (!name || recommendation.ready === null) return null;
  return { name, id: facts.id, checks: findings.map(({ check }) => check.name) };
}

function shownRecommendation({ overlay }: State): RecommendedAction | null {
  return overlay?.type === 'reader' ? (overlay.recommended ?? null) : null;
}

/** The action that Enter would open, or null. */
export function recommendedAction(state: State): string | null {
  const recommended = shownRecommendation(state);
  return recommended === null ? null : actionOf(recommended.name).action;
}

export function whyNoRecommended(state: State): string | null {
  const recommended = shownRecommendation(state);
  if (recommended === null) return 'no recommended action can be done from here';
  const target = targetOf(state);
  if (target?.job.id !== recommended.id) return 'the selected row is now another job';
  return whyNot(state, recommended.name, target);
}

export function openRecommended(state: State): Step {
  const recommended = shownRecommendation(state);
  const target = targetOf(state);
  if (recommended === null || target === null) return [state, []];
  return openCard(
    { ...state, verifying: { ...recommended, since: null } },
    recommended.name,
    target,
  );
}

/** Checks are repeated after the action for this long: executors need a moment. */
const verifyMs = 2000;
const verifyTimeoutMs = 30_000;

/** Starts to verify when the action has finished; forgets it if the dialog was closed. */
export function startVerifying([state, effects]: Step): Step {
  const { verifying } = state;
  if (verifying === null || verifying.since !== null || state.overlay?.type === 'card') {
    return [state, effects];
  }
  const follow = followOf(state, verifying.id);
  if (follow?.name !== verifying.name) return [{ ...state, verifying: null }, effects];
  if (follow.phase !== 'final') return [state, effects];
  if (follow.tone !== 'good') return [{ ...state, verifying: null }, effects];
  const [next, more] = verify({ ...state, verifying: { ...verifying, since: state.at } });
  return [next, [...effects, ...more]];
}

export function verify(state: State): Step {
  const { verifying } = state;
  if (verifying === null) return [state, []];
  return ask(state, 'verify', { type: 'verify-job', id: verifying.id, checks: verifying.checks });
}

export function verified(state: State, answer: DataAnswer): Step {
  const { verifying } = state;
  if (verifying === null || verifying.since === null) return [state, []];
  const helped = answer.type === 'verified' && answer.verification.helped;
  if (!helped && state.at - verifying.since < verifyTimeoutMs) {
    return [state, [{ type: 'timer', name: 'verify', after_ms: verifyMs }]];
  }
  const over = { ...state, verifying: null };
  if (answer.type !== 'verified') return [over, []];
  const { action } = actionOf(verifying.name);
  return helped
    ? noticed(over, `${action} has helped: ${titles(answer.verification)} no longer holds`)
    : noticed(
        over,
        `${action} has not helped: ${titles(answer.verification)} still holds (${keyFor(state, 'explain')} explains)`,
        'warn',
      );
}

function titles({ checks, helped }: Verification): string {
  return checks
    .filter(({ holds }) => holds !== helped)
    .map(({ title }) => `"${title}"`)
    .join(', ');
}
