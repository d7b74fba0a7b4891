import type { MessageOf } from './messages.ts';
import { noticed } from './notice.ts';
import type { State, Step } from './state.ts';

/** A pause of so long ends what was being typed when a dialog closed. */
const pauseMs = 500;

/** Keys that belong to a text. */
const ofText = ['enter', 'tab', 'backspace', 'delete'];

/**
 * A letter has closed a dialog: it may have been one of a sentence, and what follows is none of the
 * screen's keys until there is a pause.
 */
export function closedByLetter(state: State, { text }: { text: string | null }): State {
  return text === null ? state : { ...state, ignore_typing_until: state.at + pauseMs };
}

/** What was typed on after a dialog had closed is told, and does nothing; null: the key counts. */
export function ignoredTyping(state: State, { key, text, at }: MessageOf<'key'>): Step | null {
  if (at >= state.ignore_typing_until || (text === null && !ofText.includes(key))) return null;
  const remark = 'ignored: typed after the dialog closed';
  return noticed({ ...state, ignore_typing_until: at + pauseMs }, remark, 'warn');
}

/** A dialog is on its way: what is typed meanwhile may be meant for it. */
export function isReadingForCard({ planning }: State): boolean {
  return planning !== null && planning.name !== null;
}
