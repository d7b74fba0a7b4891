import type { Effect } from './effects.ts';
import type { State, Step } from './state.ts';

/** How long a passing remark stays. */
const noticeMs = 5000;

/** A remark passes. */
export const noticeEffects: readonly Effect[] = [
  { type: 'timer', name: 'notice', after_ms: noticeMs },
];

export function noticed(state: State, text: string, tone: 'plain' | 'warn' = 'plain'): Step {
  return [{ ...state, notice: { text, tone } }, noticeEffects];
}

/** Takes away what has been read: remarks, and actions that are settled. */
export function dismissed(state: State): State {
  const follows = state.follows.filter(({ phase }) => phase !== 'settled');
  return { ...state, notice: null, follows };
}

/** A remark's time is over; then that of what lay behind it begins. */
export function noticePassed(state: State): Step {
  const behind = state.follows.some(({ phase }) => phase === 'settled');
  return state.notice !== null && behind
    ? [{ ...state, notice: null }, noticeEffects]
    : [dismissed(state), []];
}
