import { boardNames } from './boards.ts';
import { type State, type Step, screenNames } from './state.ts';

/** Where keys apply: a screen, or a text over it. */
export const keyScopes = [...screenNames, 'reader'] as const;
export type KeyScope = (typeof keyScopes)[number];

export const groups = ['Move', 'Look', 'Act', 'Program'] as const;

export type Binding = {
  keys: readonly [string, ...string[]];
  title: string;
  group: (typeof groups)[number];
  on: readonly KeyScope[];
  /** The word in the footer; without one the key is in the help only. */
  hint?: string;
  /** Also works in text fields and dialogs. */
  always?: true;
  /** Writes to the database, after a dialog. */
  danger?: true;
  /** Why the key does nothing now, or null. */
  disabled?: (state: State) => string | null;
  run: (state: State) => Step;
};

export const everywhere: readonly KeyScope[] = keyScopes;
export const onScreens = screenNames;
export const onLists = ['jobs', ...boardNames] as const;
/** Lists whose rows are about a job. */
export const onJobLists = onLists.filter((name) => name !== 'triage' && name !== 'alerts');
