import { boardNames } from './boards.ts';
import { type State, type Step, screenNames } from './state.ts';

/** Where keys are pressed: a screen, or a text that lies over it. */
export const keyScopes = [...screenNames, 'reader'] as const;
export type KeyScope = (typeof keyScopes)[number];

export const groups = ['Move', 'Look', 'Act', 'Program'] as const;

/** One row per key: handling, footer, help and docs/keys.md are all made from these. */
export type Binding = {
  keys: readonly [string, ...string[]];
  title: string;
  group: (typeof groups)[number];
  on: readonly KeyScope[];
  /** The footer's word for it; without one it is in the help only. */
  hint?: string;
  /** Works in text fields and dialogs too. */
  always?: true;
  /** Writes to the database, after a dialog. */
  danger?: true;
  /** Why it would do nothing now, or null. */
  disabled?: (state: State) => string | null;
  run: (state: State) => Step;
};

export const everywhere: readonly KeyScope[] = keyScopes;
export const onScreens = screenNames;
/** The screens that are a list of rows. */
export const onLists = ['jobs', ...boardNames] as const;
/** Those of them whose rows are about a job. */
export const onJobLists = onLists.filter((name) => name !== 'triage' && name !== 'alerts');
