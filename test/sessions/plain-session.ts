import type { Act, DataAnswer, DataEffect } from '../../source/console/effects.ts';
import {
  initialPlain,
  type PlainEffect,
  type PlainMessage,
  type PlainState,
} from '../../source/console/plain/state.ts';
import { plainUpdate } from '../../source/console/plain/update.ts';
import type { JobView } from '../../source/domain/job/job.ts';
import { aJob, aList } from '../support/jobs.ts';

type Untimed = PlainMessage extends infer M
  ? M extends PlainMessage
    ? Omit<M, 'at'>
    : never
  : never;

export const orders = aJob({ number: 1, asset_name: 'orders_daily' });
export const clicks = aJob({ number: 2, asset_name: 'clicks', state: 'paused', running_slots: 0 });

/** A scripted session in lines: what is typed and answered goes in, what is told is looked at. */
export class PlainSession {
  state: PlainState;
  told: string[] = [];
  effects: PlainEffect[] = [];
  #at = 1000;

  constructor(jobs: JobView[] = [orders, clicks], over: Partial<PlainState> = {}) {
    const told = { tenant: 'acme', read_only: false, zone: 'utc', interval_ms: 1000 } as const;
    this.state = { ...initialPlain(told), ...over };
    this.send({ type: 'started' }).read(...jobs);
    this.told = [];
  }

  send(message: Untimed): this {
    const { state, lines, effects } = plainUpdate(this.state, {
      ...message,
      at: this.#at,
    } as PlainMessage);
    this.state = state;
    this.told.push(...(lines ?? []));
    this.effects.push(...(effects ?? []));
    return this;
  }

  /** Lines a second apart: each as an answer to what was told before it. */
  say(...lines: string[]): this {
    for (const text of lines) {
      this.#at += 1000;
      this.send({ type: 'line', text });
    }
    return this;
  }

  /** In one read, as pasted text comes. */
  paste(...lines: string[]): this {
    for (const text of lines) this.send({ type: 'line', text });
    return this;
  }

  answer(type: DataEffect['type'], answer: DataAnswer): this {
    const effect = this.effects
      .flatMap((one) => (one.type === 'data' ? [one.effect] : []))
      .findLast((one) => one.type === type);
    if (effect === undefined) throw new Error(`nobody asked for ${type}`);
    return this.send({ type: 'answered', effect, answer });
  }

  read(...jobs: JobView[]): this {
    return this.answer('load-jobs', { type: 'jobs', list: aList(jobs) });
  }

  /** The answer to `list`. */
  list(...jobs: JobView[]): this {
    return this.answer('load-jobs', { type: 'jobs', list: aList(jobs) });
  }

  fail(type: DataEffect['type']): this {
    const failure = { code: 'database_unreachable', message: 'connection refused' } as const;
    return this.answer(type, { type: 'failure', failure });
  }

  get acts(): Act[] {
    return this.effects.flatMap((one) =>
      one.type === 'data' && one.effect.type === 'act' ? [one.effect] : [],
    );
  }
}
