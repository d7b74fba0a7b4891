import type { Verification } from '../../domain/triage/explanation.ts';
import { actionOf } from '../model/actions.ts';
import { ask } from '../model/asking.ts';
import type { DataAnswer } from '../model/effects.ts';
import { keyFor } from '../model/key-hints.ts';
import { noticed } from '../model/notice.ts';
import type { State, Step } from '../model/state.ts';
import { followOf } from './follow.ts';

/** Checks are repeated after the action for this long: executors need a moment. */
const verifyMs = 2000;
const verifyTimeoutMs = 30_000;

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
