import type { MessageOf } from './messages.ts';
import { noticed } from './notice.ts';
import type { State, Step } from './state.ts';

/** A pause of this length ends the text that was being typed when a dialog closed. */
const pauseMs = 500;

const ofText = ['enter', 'tab', 'backspace', 'delete'];

/**
 * The letter that closed a dialog may belong to a sentence: what follows is ignored until a pause.
 */
export function closedByLetter(state: State, { text }: { text: string | null }): State {
  return text === null ? state : { ...state, ignore_typing_until: state.at + pauseMs };
}

export function ignoredTyping(state: State, { key, text, at }: MessageOf<'key'>): Step | null {
  if (at >= state.ignore_typing_until || (text === null && !ofText.includes(key))) return null;
  const remark = 'ignored: typed after the dialog closed';
  return noticed({ ...state, ignore_typing_until: at + pauseMs }, remark, 'warn');
}

export function isReadingForCard({ planning }: State): boolean {
  return planning !== null && planning.name !== null;
}
