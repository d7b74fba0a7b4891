import { keyFor } from '../model/key-hints.ts';
import { dialogRows, readerLines } from '../model/layout.ts';
import type { Overlay, Pressed } from '../model/overlay.ts';
import { isRunOpen } from '../model/run-items.ts';
import type { State, Step } from '../model/state.ts';
import type { Motion } from '../widgets/list.ts';
import { cardKey, cardPaste } from './card/keys.ts';
import { fieldOf } from './card/state.ts';
import { filterKey, filterPaste } from './filter/keys.ts';
import { finderKey, finderPaste } from './finder/keys.ts';
import { recommendedAction } from './reader/explain.ts';
import { nothingToCopy } from './reader/state.ts';
import { runKey, scrollOf, whyNotGoOn } from './run/state.ts';
import { unlockKey, unlockPaste } from './unlock/state.ts';

export type KeyHint = readonly [key: string, word: string];

type Dialog<O extends Overlay> = {
  /** Null: the key is the screen's. A motion: the screen's cursor moves. */
  key: (state: State, overlay: O, pressed: Pressed) => Step | Motion | null;
  /** Without it pasted text goes nowhere. */
  paste?: (state: State, overlay: O, text: string) => Step;
  /** More keys in one read than a person types go into a text, or nowhere. */
  isText?: (overlay: O) => boolean;
  /** Enter runs something: not inside of such a read. */
  runs?: true;
  /** A letter has opened it: what was typed after that letter is ignored. */
  opened_by_letter?: true;
  hints: (state: State, overlay: O) => readonly KeyHint[];
};

const finder: Dialog<Extract<Overlay, { type: 'palette' | 'help' }>> = {
  key: finderKey,
  paste: finderPaste,
  isText: () => true,
  runs: true,
  hints: () => [],
};

/** From a field Esc goes to the first button: what was typed is not lost by one key. */
function formHints(inField: boolean): readonly KeyHint[] {
  return [
    ['Tab', 'next field or button'],
    ['y', 'confirm on a button'],
    ['Esc', inField ? 'to the buttons' : 'close'],
  ];
}

const scrollHint = (scrolls: boolean): readonly KeyHint[] => (scrolls ? [['↑↓', 'scroll']] : []);

function runHints(state: State): readonly KeyHint[] {
  if (!isRunOpen(state)) return [];
  if (state.run?.stopped === null) return [['S', 'stop after this job']];
  return whyNotGoOn(state) === null ? [['y', 'continue']] : [];
}

const dialogs: { [T in Overlay['type']]: Dialog<Extract<Overlay, { type: T }>> } = {
  card: {
    key: cardKey,
    paste: cardPaste,
    isText: (card) => fieldOf(card) !== null,
    hints: (_, card) => formHints(fieldOf(card) !== null),
  },
  unlock: {
    key: unlockKey,
    paste: unlockPaste,
    isText: ({ focus }) => focus === 'check',
    hints: (_, { focus }) => formHints(focus === 'check'),
  },
  run: {
    key: runKey,
    opened_by_letter: true,
    hints: (state) => [
      ...scrollHint(scrollOf(state).last > 0),
      ...runHints(state),
      ['Esc', 'close'],
    ],
  },
  palette: {
    ...finder,
    hints: () => [
      ['type', 'to narrow'],
      ['Tab', 'complete'],
      ['Enter', 'run'],
      ['Esc', 'close'],
    ],
  },
  help: {
    ...finder,
    hints: () => [
      ['type', 'to search'],
      ['↑↓', 'move'],
      ['Enter', 'run'],
      ['Esc', 'close'],
    ],
  },
  filter: {
    key: filterKey,
    paste: filterPaste,
    isText: () => true,
    hints: () => [
      ['↑↓', 'move'],
      ['Enter', 'keep'],
      ['Esc', 'restore'],
    ],
  },
  // Its keys are in the keymap.
  reader: {
    key: () => null,
    hints: (state, reader) => {
      const recommended = recommendedAction(state);
      return [
        ...(recommended === null ? [] : [[keyFor(state, 'recommended'), recommended] as const]),
        ...(readerLines(reader, state.size).length > dialogRows(state)
          ? [[keyFor(state, 'up') + keyFor(state, 'down'), 'scroll'] as const]
          : []),
        ...(nothingToCopy(state) === null ? [[keyFor(state, 'copy'), 'copy'] as const] : []),
        [keyFor(state, 'back'), 'close'],
      ];
    },
  },
};

export function dialogOf({ overlay }: State): Dialog<Overlay> | null {
  return overlay === null ? null : (dialogs[overlay.type] as Dialog<never> as Dialog<Overlay>);
}
