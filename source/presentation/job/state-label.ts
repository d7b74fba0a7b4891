import { isJobState, type JobState } from '../../domain/job/state.ts';
import { safeText } from '../text/safe-text.ts';
import type { Tone } from '../text/tone.ts';

type StateLabel = { glyph: string; word: string; tone: Tone };

/** Glyph and word carry the state; colour repeats it. */
const stateLabels: Readonly<Record<JobState, StateLabel>> = {
  running: { glyph: '●', word: 'running', tone: 'good' },
  resuming: { glyph: '◌', word: 'resuming', tone: 'accent' },
  paused: { glyph: '‖', word: 'paused', tone: 'warn' },
  pending: { glyph: '·', word: 'pending', tone: 'plain' },
  waiting_upstream: { glyph: '⧗', word: 'waiting', tone: 'plain' },
  completed: { glyph: '✓', word: 'completed', tone: 'dim' },
  failed: { glyph: '✗', word: 'failed', tone: 'bad' },
  cancelled: { glyph: '⊘', word: 'cancelled', tone: 'dim' },
};

/** An unknown state of a newer program is shown as it is. */
export function stateLabel(state: string): StateLabel {
  return isJobState(state)
    ? stateLabels[state]
    : { glyph: '?', word: safeText(state) || '(none)', tone: 'warn' };
}
