import { safeText } from '../../presentation/text/safe-text.ts';
import { keymap } from '../app/keymap.ts';
import { paletteCommands } from '../app/palette-commands.ts';
import { changedMeanwhile, isGone } from '../dialogs/card/state.ts';
import type { DataAnswer, SessionEffect } from '../model/effects.ts';
import type { Message } from '../model/messages.ts';
import { failureText } from '../model/notice.ts';
import type { State, Step } from '../model/state.ts';
import { goBack } from '../screens/navigate.ts';
import { hint, runCommand } from './commands.ts';
import type { Plain, Untimed } from './lines.ts';
import { isNextQuestion, news } from './news.ts';
import { answerQuestion, cardOf } from './questions.ts';

type Store = {
  getSnapshot: () => State;
  dispatch: (message: Message) => void;
  subscribe: (listener: () => void) => unknown;
};

type Host = {
  print: (line: string) => void;
  /** A question of the view's own: its answer changes no state. */
  ask: (effect: SessionEffect, reply: (answer: DataAnswer) => void) => void;
  clock: () => number;
};

/** Follows every job that it can; no size is too small for a line. */
export const plainOptions = {
  follow_all: true,
  keymap,
  commands: paletteCommands,
  locked_reason: 'a console in lines cannot unlock it',
  size: { columns: 80, rows: 24 },
} as const;

/** The console in lines, for a screen reader or a dumb terminal, over the same state. */
export class PlainView implements Plain {
  readonly #store: Store;
  readonly #host: Host;
  #shown: State;

  constructor(store: Store, host: Host) {
    this.#store = store;
    this.#host = host;
    this.#shown = store.getSnapshot();
    store.subscribe(() => this.#changed());
  }

  start(): void {
    const tenant = safeText(this.state.options.labels.tenant);
    this.#print([`servo-tui, tenant ${tenant}. Changes are printed as they happen.`, hint]);
    this.send({ type: 'started' });
  }

  line(text: string): void {
    const card = cardOf(this.state);
    const answer = text.trim();
    this.#print(card === null ? runCommand(this, answer) : answerQuestion(this, card, answer));
  }

  get state(): State {
    return this.#store.getSnapshot();
  }

  get at(): number {
    return this.#host.clock();
  }

  send(message: Untimed): void {
    this.#store.dispatch({ ...message, at: this.at } as Message);
  }

  readonly run = (step: (state: State) => Step): readonly string[] => {
    this.send({ type: 'command', run: step });
    return [];
  };

  press(key: string): void {
    this.send({ type: 'key', key, text: null, alone: true });
  }

  ask(effect: SessionEffect, lines: (answer: DataAnswer) => readonly string[]): readonly string[] {
    this.#host.ask(effect, (answer) =>
      this.#print(answer.type === 'failure' ? [failureText(answer.failure)] : lines(answer)),
    );
    return [];
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) this.#host.print(line);
  }

  #changed(): void {
    const [before, after] = [this.#shown, this.state];
    if (before === after) return;
    this.#shown = after;
    this.#print(news(before, after));
    const card = cardOf(after);
    // The results are printed.
    if (after.overlay?.type === 'run') this.press('escape');
    if (card === null) return;
    if (isGone(after, card) || changedMeanwhile(after, card) !== null) this.run(goBack);
    // A printed question counts as painted: what was typed before does not answer it.
    else if (isNextQuestion(before, card)) this.send({ type: 'painted', token: card.token });
  }
}
