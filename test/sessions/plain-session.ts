import { update } from '../../source/console/app/update.ts';
import type { Act, DataAnswer, DataEffect, Effect } from '../../source/console/model/effects.ts';
import { isStale } from '../../source/console/model/link.ts';
import type { Message } from '../../source/console/model/messages.ts';
import type { Card } from '../../source/console/model/overlay.ts';
import { type ConsoleOptions, initialState, type State } from '../../source/console/model/state.ts';
import { PlainView, plainOptions } from '../../source/console/plain/view.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import type { ErrorCode } from '../../source/errors.ts';
import { consoleOptions } from '../support/console-options.ts';
import { aJob, aList } from '../support/jobs.ts';

type Reply = (answer: DataAnswer) => void;
type Told =
  | Exclude<Effect, { type: 'data' }>
  | { type: 'data'; effect: DataEffect; request?: number; reply?: Reply };

/** Effects that no line depends on. */
const unseen = ['announce-paint', 'stop-timer'];
const unseenTimers = ['clock', 'counts', 'notice', 'watch'];

export const orders = aJob({ number: 1, asset_name: 'orders_daily' });
export const clicks = aJob({ number: 2, asset_name: 'clicks', state: 'paused', running_slots: 0 });

/** A scripted session in lines: what is typed and answered goes in, what is told is looked at. */
export class PlainSession {
  state: State;
  told: string[] = [];
  effects: Told[] = [];
  readonly #listeners: (() => void)[] = [];
  readonly #view: PlainView;
  readonly #answered = new Set<Told>();
  #at = 1000;

  /** `jobs`: of the first answer; null: it has not come yet. */
  constructor(jobs: JobView[] | null = [orders, clicks], over: Partial<ConsoleOptions> = {}) {
    this.state = initialState({
      ...consoleOptions,
      ...plainOptions,
      ...over,
    });
    const store = {
      getSnapshot: () => this.state,
      dispatch: (message: Message) => this.#dispatch(message),
      subscribe: (listener: () => void) => this.#listeners.push(listener),
    };
    this.#view = new PlainView(store, {
      print: (line) => this.told.push(line),
      ask: (effect, reply) => this.effects.push({ type: 'data', effect, reply }),
      clock: () => this.#at,
    });
    this.#view.start();
    if (jobs === null) return;
    this.read(...jobs);
    this.told = [];
  }

  #dispatch(message: Message): void {
    const [state, effects] = update(this.state, message);
    this.state = state;
    for (const listener of this.#listeners) listener();
    const seen = effects.filter((one) =>
      one.type === 'timer' ? !unseenTimers.includes(one.name) : !unseen.includes(one.type),
    );
    this.effects.push(...seen);
  }

  timer(name: Extract<Message, { type: 'timer' }>['name']): this {
    this.#dispatch({ type: 'timer', name, at: this.#at });
    return this;
  }

  wait(milliseconds: number): this {
    this.#at += milliseconds;
    return this;
  }

  /** The dialog whose questions are asked. */
  get card(): Card | null {
    return this.state.overlay?.type === 'card' ? this.state.overlay : null;
  }

  get down(): boolean {
    return isStale(this.state);
  }

  /** Lines a second apart: each as an answer to what was told before it. */
  say(...lines: string[]): this {
    for (const text of lines) {
      this.#at += 1000;
      this.#view.line(text);
    }
    return this;
  }

  /** In one read, as pasted text comes. */
  paste(...lines: string[]): this {
    for (const text of lines) this.#view.line(text);
    return this;
  }

  /**
   * Answers the last question of its kind, which is asked again first if it has an answer. `own`:
   * also questions of the view.
   */
  answer(type: DataEffect['type'], answer: DataAnswer, own = true): this {
    const ofType = (one: Told) =>
      one.type === 'data' && one.effect.type === type && (own || one.request !== undefined);
    const again = { 'load-jobs': 'refresh', 'load-board': 'alerts' } as const;
    const isOpen = this.effects.some((one) => ofType(one) && !this.#answered.has(one));
    if (type in again && !isOpen) this.timer(again[type as 'load-jobs']);
    const asked = this.effects.findLast(ofType);
    if (asked?.type !== 'data') throw new Error(`${type} was not requested`);
    const isFirst = !this.#answered.has(asked);
    this.#answered.add(asked);
    if (asked.request !== undefined)
      this.#dispatch({ type: 'answered', request: asked.request, answer, at: this.#at });
    else if (isFirst) asked.reply!(answer);
    return this;
  }

  /** The table's next answer. */
  read(...jobs: JobView[]): this {
    return this.answer('load-jobs', { type: 'jobs', list: aList(jobs) }, false);
  }

  /** The answer to `list`. */
  list(...jobs: JobView[]): this {
    return this.answer('load-jobs', { type: 'jobs', list: aList(jobs) });
  }

  fail(type: DataEffect['type'], code: ErrorCode = 'database_unreachable'): this {
    return this.answer(type, { type: 'failure', failure: { code, message: 'connection refused' } });
  }

  get acts(): Act[] {
    return this.effects.flatMap((one) =>
      one.type === 'data' && one.effect.type === 'act' ? [one.effect] : [],
    );
  }
}
