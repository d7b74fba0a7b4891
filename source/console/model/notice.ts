import { safeText } from '../../presentation/text/safe-text.ts';
import type { Effect, Failure } from './effects.ts';
import type { State, Step } from './state.ts';

const noticeMs = 5000;

export const noticeEffects: readonly Effect[] = [
  { type: 'timer', name: 'notice', after_ms: noticeMs },
];

export function noticed(state: State, text: string, tone: 'plain' | 'warn' = 'plain'): Step {
  return [{ ...state, notice: { text, tone } }, noticeEffects];
}

export function failureText({ message, hint }: Failure): string {
  return safeText(hint === undefined ? message : `${message} (${hint})`);
}

export function dismissed(state: State): State {
  const follows = state.follows.filter(({ phase }) => phase !== 'final');
  return { ...state, notice: null, follows };
}

/** Shows what the notice covered for the same time. */
export function noticePassed(state: State): Step {
  const behind = state.follows.some(({ phase }) => phase === 'final');
  return state.notice !== null && behind
    ? [{ ...state, notice: null }, noticeEffects]
    : [dismissed(state), []];
}
