import {
  type Effects,
  type Expected,
  endOf,
  isLate,
  isNoticeable,
  type JobEffect,
  loses,
  movedBy,
} from '../../domain/forecast/effects.ts';
import type { Unknown } from '../../domain/forecast/job-forecast.ts';
import { later } from '../../domain/time/time.ts';
import { formatClock, formatDuration, formatLeft, plural, type Zone } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import type { Cell, Tone } from '../text/tone.ts';
import { ordinal } from './eta-phrase.ts';

/** Why no finish is known, after `unknown: `. */
const unknownTexts: Readonly<Record<Unknown, string>> = {
  paused: 'paused',
  unknown_state: 'its state is unknown',
  external: 'another program runs it',
  upstream: 'it waits for an upstream job',
  no_executor: 'no executor is running',
  no_handler: 'no executor has a handler for it',
  closed: 'its executors are on hold or draining',
  limit: 'a limit holds it',
  back_off: 'snoozed',
  slots: 'no slot',
  max_parallel: 'its max parallel',
  nothing: 'all its partitions run',
  no_duration: 'no partition of its asset has completed yet',
};

/** The most important first. */
export type EffectTexts = { own: Cell[]; others: Cell[] };

/** The jobs' own finish and start; then who loses and who gains. */
export function effectTexts(effects: Effects, zone: Zone): EffectTexts {
  const [only, ...rest] = effects.jobs;
  if (only === undefined) return { own: [], others: othersTexts(effects, zone) };
  const own = rest.length === 0 ? ownTexts(effects, only, zone) : manyTexts(effects, zone);
  return { own, others: othersTexts(effects, zone) };
}

/** For commands: a text of lines, in UTC; empty if there is nothing to say. */
export function effectText(effects: Effects): string {
  const { own, others } = effectTexts(effects, 'utc');
  return [...own, ...others].map(({ text }) => `  ${text}\n`).join('');
}

/** `daily_sales +7m: late by 3m`; empty without an effect on others. */
function othersTexts({ others, more, as_of }: Effects, zone: Zone): Cell[] {
  const lines = others.map((effect) => otherText(effect, as_of, zone));
  const counts = [
    more.lose > 0 ? `${plural(more.lose, 'more job')} later` : [],
    more.gain > 0 ? `${plural(more.gain, 'more job')} earlier` : [],
  ].flat();
  return counts.length === 0
    ? lines
    : [...lines, { text: counts.join(', '), tone: more.lose > 0 ? 'warn' : 'dim' }];
}

function otherText(effect: JobEffect, asOf: Date, zone: Zone): Cell {
  const name = safeText(effect.asset_name, { cap: 40 });
  const { before, after, fails } = effect;
  if (fails) return { text: `${name} fails: it waits for this job`, tone: 'bad' };
  const moved = movedBy(effect);
  const verdict = verdictOf(before, after);
  if (moved === Number.POSITIVE_INFINITY)
    return { text: `${name} ${unknownText(after)}`, tone: 'bad' };
  if (moved === Number.NEGATIVE_INFINITY && after?.finish_at == null)
    return { text: `${name} starts in ~${leftOf(after?.start_at ?? asOf, asOf)}`, tone: 'good' };
  if (moved === Number.NEGATIVE_INFINITY)
    return { text: `${name} done ${clock(after, asOf, zone)}${verdict}`, tone: 'good' };
  const by = formatDuration(Math.abs(moved));
  if (endOf(effect) === 'start_at') {
    const text = `${name} starts ${by} ${moved > 0 ? 'later' : 'earlier'}`;
    return { text, tone: moved > 0 ? 'warn' : 'good' };
  }
  const text = moved > 0 ? `${name} +${by}${verdict}` : `${name} ${by} earlier${verdict}`;
  const bad: Tone = isLate(after) && !isLate(before) ? 'bad' : 'warn';
  return { text, tone: loses(effect) ? bad : 'good' };
}

/** `: late by 3m`, `: in time`, `, no deadline`. */
function verdictOf(before: Expected | null, after: Expected | null): string {
  const late = after?.late_by_seconds ?? null;
  if (late === null) return ', no deadline';
  if (late > 0) return `: ${isLate(before) ? 'still ' : ''}late by ${formatDuration(late)}`;
  return isLate(before) ? ': in time' : ', still in time';
}

function ownTexts(effects: Effects, effect: JobEffect, zone: Zone): Cell[] {
  const { as_of } = effects;
  const { before, after } = effect;
  // It ends by this action.
  if (after === null) return [];
  const [from, to] = [clock(before, as_of, zone), clock(after, as_of, zone)];
  const start = startText(after, as_of);
  if (after.finish_at === null) {
    const why = unknownText(after);
    const text = before?.finish_at ? `done ${from} → ${why}` : `done ${why}`;
    return [{ text, tone: 'warn' }, ...start];
  }
  if (before === null || before.finish_at === null)
    return [{ text: `done ${to}${ownVerdict(before, after)}`, tone: toneOf(after) }, ...start];
  const moved = movedBy(effect);
  const sameVerdict = isLate(before) === isLate(after);
  if (!isNoticeable(effect, as_of)) {
    const why = bindingText(effects, after);
    const text = `no effect on when it is done: ${why}`;
    const late = ownVerdict(before, after);
    return [{ text: late === '' ? text : `${text}${late}`, tone: 'plain' }, ...start];
  }
  const by = `${formatDuration(Math.abs(moved))} ${moved > 0 ? 'later' : 'earlier'}`;
  const change = from === to ? `done ${to} (${by})` : `done ${from} → ${to} (${by})`;
  const tone = moved > 0 ? (sameVerdict ? 'warn' : 'bad') : toneOf(after);
  return [{ text: `${change}${ownVerdict(before, after)}`, tone }, ...start];
}

function ownVerdict(before: Expected | null, after: Expected): string {
  const late = after.late_by_seconds;
  if (late === null) return '';
  const was = before?.late_by_seconds ?? null;
  if (late > 0) {
    const same = was !== null && was > 0;
    return `, ${same ? 'still ' : ''}late by ${formatDuration(late)}`;
  }
  return was !== null && was > 0
    ? `, in time instead of late by ${formatDuration(was)}`
    : `, ${formatDuration(-late)} before its deadline`;
}

function toneOf(after: Expected): Tone {
  return isLate(after) ? 'warn' : 'good';
}

/** `starts in ~9m, 3rd in the queue`, and the limit that holds it. */
function startText({ start_at, place, limit, unknown }: Expected, asOf: Date): Cell[] {
  const isSaid = limit === null || unknown === 'limit';
  const held = isSaid ? [] : [{ text: limitText(limit), tone: 'warn' as const }];
  if (start_at === null || start_at <= asOf) return held;
  const at = leftOf(start_at, asOf);
  const queue = place === null ? '' : `, ${ordinal(place)} in the queue`;
  return [...held, { text: `starts in ~${at}${queue}`, tone: 'plain' }];
}

function leftOf(at: Date, asOf: Date): string {
  return formatLeft((at.getTime() - asOf.getTime()) / 1000);
}

function limitText({ running, max_running, assets }: NonNullable<Expected['limit']>): string {
  const of = assets === null ? 'this tenant' : assets.map((name) => safeText(name)).join(', ');
  return `a limit holds it: ${running} of ${plural(max_running, 'running job')} of ${of}`;
}

/** What keeps the job from being done earlier. */
function bindingText({ slots }: Effects, { bound_by, place }: Expected): string {
  if (bound_by === 'slots') {
    const ahead = place === null || place < 2 ? '' : `, ${plural(place - 1, 'job')} ahead`;
    return `${slots.busy}/${plural(slots.total, 'slot')} busy${ahead}`;
  }
  return boundTexts[bound_by];
}

const boundTexts: Readonly<Record<Expected['bound_by'], string>> = {
  ...unknownTexts,
  slots: 'no slot is free',
  max_parallel: 'its max parallel decides',
  nothing: 'all its partitions run already',
  back_off: 'its partitions are snoozed or backing off',
};

function unknownText(expected: Expected | null): string {
  if (expected === null) return 'unknown';
  const { unknown, limit } = expected;
  if (unknown === 'limit' && limit !== null) return `unknown: ${limitText(limit)}`;
  return unknown === null ? 'unknown' : `unknown: ${unknownTexts[unknown]}`;
}

/** Of several jobs: the last finish, how many are late, and how many have none. */
function manyTexts({ jobs, as_of }: Effects, zone: Zone): Cell[] {
  const all = plural(jobs.length, 'job');
  const unfinished = jobs.filter(({ after }) => after !== null);
  if (unfinished.length === 0) return [];
  const [was, is] = [lastOf(jobs, 'before'), lastOf(jobs, 'after')];
  const late = (side: 'before' | 'after') => jobs.filter((one) => isLate(one[side])).length;
  const [lateBefore, lateAfter] = [late('before'), late('after')];
  const unknown = unfinished.filter(({ after }) => after!.finish_at === null);
  const clockOf = (at: Date) => formatClock(at, as_of, zone);
  const lines: Cell[] = [];
  if (unknown.length > 0) {
    const of = unknown.length === jobs.length ? all : `${unknown.length} of ${all}`;
    lines.push({ text: `${of}: done ${unknownText(unknown[0]!.after)}`, tone: 'warn' });
  }
  if (is !== null) {
    const seconds = was === null ? 0 : (is.getTime() - was.getTime()) / 1000;
    const moves = was !== null && Math.abs(seconds) > 30;
    const by = `${formatDuration(Math.abs(seconds))} ${seconds > 0 ? 'later' : 'earlier'}`;
    const text = moves
      ? `the last of them done ${clockOf(was!)} → ${clockOf(is)} (${by})`
      : `the last of them done ${clockOf(is)}`;
    lines.push({ text, tone: moves && seconds > 0 ? 'warn' : 'plain' });
  }
  if (lateAfter > 0 || lateBefore > 0) {
    const from = lateBefore === lateAfter ? '' : `${lateBefore} → `;
    lines.push({
      text: `${from}${lateAfter} of ${all} late`,
      tone: lateAfter > lateBefore ? 'bad' : lateAfter > 0 ? 'warn' : 'good',
    });
  }
  return lines;
}

function lastOf(jobs: readonly JobEffect[], side: 'before' | 'after'): Date | null {
  const times = jobs.flatMap((one) => one[side]?.finish_at?.getTime() ?? []);
  // Not Math.max(...times): a call takes not that many arguments.
  const last = times.reduce((most, time) => Math.max(most, time), 0);
  return times.length === 0 ? null : later(new Date(last), 0);
}

function clock(expected: Expected | null, asOf: Date, zone: Zone): string {
  const at = expected?.finish_at ?? null;
  return at === null ? 'unknown' : formatClock(at, asOf, zone);
}
