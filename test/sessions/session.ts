import { keymap } from '../../source/console/app/keymap.ts';
import { paletteCommands } from '../../source/console/app/palette-commands.ts';
import { update } from '../../source/console/app/update.ts';
import type { BoardData, BoardName } from '../../source/console/model/boards.ts';
import type {
  Act,
  BoardAnswer,
  DataAnswer,
  DataEffect,
  Effect,
} from '../../source/console/model/effects.ts';
import { decodeInput, idleDecoder } from '../../source/console/model/input.ts';
import type { Message } from '../../source/console/model/messages.ts';
import type { Card } from '../../source/console/model/overlay.ts';
import { targetOf } from '../../source/console/model/present.ts';
import { type ConsoleOptions, initialState, type State } from '../../source/console/model/state.ts';
import { decodeTokens } from '../../source/console/terminal/keys.ts';
import {
  dueAt,
  elapsed,
  idleTokenizer,
  tokenize,
} from '../../source/console/terminal/tokenizer.ts';
import type { ActionResult, JobDetail } from '../../source/domain/job/detail.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import type { ErrorCode } from '../../source/errors.ts';
import { consoleOptions } from '../support/console-options.ts';
import { aDetail, aList, aPage, aPartition, now } from '../support/jobs.ts';

type Untimed = Message extends infer M ? (M extends Message ? Omit<M, 'at'> : never) : never;

/** A scripted session: keys and answers in, state and effects out. No terminal, no time. */
export class Session {
  state: State;
  /** All effects so far, oldest first. */
  readonly effects: Effect[] = [];
  #at = 1000;
  #decoder = idleDecoder;

  constructor(options: Partial<ConsoleOptions> = {}) {
    this.state = initialState({
      ...consoleOptions,
      keymap,
      commands: paletteCommands,
      size: { columns: 120, rows: 30 },
      ...options,
    });
  }

  /** A console that shows these jobs, the cursor on the first. */
  static showing(jobs: JobView[], options: Partial<ConsoleOptions> = {}): Session {
    const session = new Session(options);
    session.send({ type: 'started' });
    session.answerJobs(jobs);
    return session;
  }

  send(message: Untimed): this {
    const [state, effects] = update(this.state, { ...message, at: this.#at } as Message);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  wait(milliseconds: number): this {
    this.#at += milliseconds;
    return this;
  }

  /**
   * Keys by name (`enter`, `ctrl-r`) or as the character, one by one, with a pause after a dialog.
   */
  press(...keys: string[]): this {
    for (const key of keys) {
      this.wait(Math.max(0, this.state.ignore_typing_until - this.#at - 100));
      this.#press(key, 100);
    }
    return this;
  }

  #press(key: string, after: number): void {
    this.wait(after);
    const input = [...key].length === 1 ? { characters: key } : { key };
    const [decoder, messages] = decodeInput(this.#decoder, [input], this.#at);
    this.#decoder = decoder;
    for (const message of messages) this.send(message);
  }

  /** A sentence, letter by letter, without a pause. */
  type(text: string, everyMs = 100): this {
    for (const key of text) this.#press(key, everyMs);
    return this;
  }

  /** All of it in one read, as after a stall or from a terminal without bracketed paste. */
  burst(characters: string): this {
    const [decoder, messages] = decodeInput(this.#decoder, [{ characters }], this.#at);
    this.#decoder = decoder;
    for (const message of messages) this.send(message);
    return this;
  }

  /** Bytes of a terminal, one read after the other, then silence. */
  reads(...reads: Uint8Array[]): this {
    let tokenizer = idleTokenizer;
    const take = ([next, tokens]: ReturnType<typeof elapsed>) => {
      tokenizer = next;
      const [decoder, messages] = decodeInput(this.#decoder, decodeTokens(tokens).inputs, this.#at);
      this.#decoder = decoder;
      for (const message of messages) this.send(message);
    };
    for (const read of reads) take(tokenize(tokenizer, read, this.#at));
    for (let due = dueAt(tokenizer); due !== null; due = dueAt(tokenizer)) {
      this.#at = due;
      take(elapsed(tokenizer, due));
    }
    return this;
  }

  paste(text: string): this {
    return this.send({ type: 'paste', text });
  }

  /** The dialog has been painted, and the operator has had time to read it. */
  seen(): this {
    const { token } = this.card;
    return this.send({ type: 'painted', token }).wait(300);
  }

  /** The same, with the first button focused. */
  read(): this {
    this.seen();
    while (this.focus !== 'cancel') this.press('shift-tab');
    return this;
  }

  timer(name: Extract<Message, { type: 'timer' }>['name']): this {
    return this.send({ type: 'timer', name });
  }

  /** A refresh with this answer. */
  refreshed(jobs: JobView[], overrides: Parameters<typeof aList>[1] = {}): this {
    return this.wait(1000).timer('refresh').answerJobs(jobs, overrides);
  }

  /** A console on a database with these jobs. */
  static on(jobs: JobView[], options: Partial<ConsoleOptions> = {}): Session {
    return new Session(options).send({ type: 'started' }).answerFrom(jobs);
  }

  /** Answers the table's last question with these jobs. */
  answerFrom(jobs: JobView[]): this {
    const question = this.asked('load-jobs').at(-1)?.effect;
    if (question?.type !== 'load-jobs') throw new Error('the table was not requested');
    return this.answer('load-jobs', { type: 'jobs', list: aPage(jobs, question) });
  }

  answerJobs(jobs: JobView[], overrides: Parameters<typeof aList>[1] = {}): this {
    return this.answer('load-jobs', { type: 'jobs', list: aList(jobs, overrides) });
  }

  answerJob(
    job: JobView,
    overrides: Partial<JobDetail> = {},
    of_keys?: Record<string, number>,
  ): this {
    const detail = aDetail(job, overrides);
    return this.answer('load-job', { type: 'job', detail, ...(of_keys ? { of_keys } : {}) });
  }

  answerBoard<N extends BoardName>(board: N, data: BoardData[N]): this {
    return this.answer('load-board', { type: 'board', board, data } as BoardAnswer);
  }

  answerPartition(key: string, overrides: Parameters<typeof aPartition>[1] = {}): this {
    return this.answer('load-partition', {
      type: 'partition',
      detail: aPartition(key, overrides),
    });
  }

  answerPlan(jobs: JobView[], truncated = false): this {
    const id = '0d9f1c7e-0000-4000-8000-000000000000';
    const plan = { id, created_at: now, jobs, truncated };
    return this.answer('plan-jobs', { type: 'planned', plan });
  }

  answerAct(result: Partial<ActionResult>): this {
    const { id } = this.acts.at(-1)!;
    const full: ActionResult = {
      id,
      result: 'applied',
      state: null,
      version: null,
      message: 'done',
      ...result,
    };
    return this.answer('act', { type: 'acted', result: full });
  }

  fail(type: DataEffect['type'], code: ErrorCode = 'database_unreachable', hint?: string): this {
    return this.answer(type, {
      type: 'failure',
      failure: { code, message: 'connection refused', ...(hint === undefined ? {} : { hint }) },
    });
  }

  /** Answers the last question of its kind. */
  answer(type: DataEffect['type'], answer: DataAnswer): this {
    const request = this.asked(type).at(-1)?.request;
    if (request === undefined) throw new Error(`${type} was not requested`);
    return this.send({ type: 'answered', request, answer });
  }

  asked(type: DataEffect['type']) {
    return this.effects
      .filter((effect) => effect.type === 'data')
      .filter(({ effect }) => effect.type === type);
  }

  /** What was sent to be carried out: the only effect that writes. */
  get acts(): Act[] {
    return this.effects
      .flatMap((effect) => (effect.type === 'data' ? [effect.effect] : []))
      .filter((effect) => effect.type === 'act');
  }

  timersSet(name: string): number[] {
    return this.effects.flatMap((effect) =>
      effect.type === 'timer' && effect.name === name ? [effect.after_ms] : [],
    );
  }

  get exits(): number[] {
    return this.effects.flatMap((effect) => (effect.type === 'exit' ? [effect.code] : []));
  }

  get card(): Card {
    const { overlay } = this.state;
    if (overlay?.type !== 'card') throw new Error('no card is open');
    return overlay;
  }

  get focus(): string {
    return this.card.focus;
  }

  get cursorName(): string | undefined {
    return targetOf(this.state)?.job.asset_name;
  }

  get names(): string[] {
    const { list, order, gone } = this.state.jobs;
    return order.map((id) => (list?.jobs.find((job) => job.id === id) ?? gone[id])!.asset_name);
  }

  get notice(): string | undefined {
    return this.state.notice?.text;
  }
}
