import { farWord, isFar } from '../../domain/time/time.ts';

export type Zone = 'local' | 'utc';

const day = 86_400;

/** Longer durations are shown as endless. */
const longest = 1000 * 365 * day;
const tooLong = '>999y';

/**
 * An age in coarse steps, so that a healthy row rarely changes: `<30s 30s 1m … 59m 1h … 23h 1d`.
 */
export function formatAge(seconds: number): string {
  if (seconds < 30) return '<30s';
  if (seconds < 60) return '30s';
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < day) return `${Math.floor(seconds / 3600)}h`;
  return seconds < longest ? `${Math.floor(seconds / day)}d` : tooLong;
}

/** The two largest units: `8s 42m 1h12m 3d04h`. Seconds are rounded up. */
export function formatDuration(seconds: number): string {
  if (seconds >= longest) return tooLong;
  if (seconds <= 59) return `${Math.max(0, Math.ceil(seconds))}s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `${minutes}m`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/** Below a minute in steps of ten seconds. */
export function formatLeft(seconds: number): string {
  return seconds <= 50
    ? `${Math.max(10, Math.ceil(seconds / 10) * 10)}s`
    : formatDuration(Math.max(60, seconds));
}

/** `14s 1m46s 1h12m`: what is watched to the second. */
export function formatCountdown(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return formatDuration(whole);
}

/** `850 ms 1.4 s 2m10s` */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
    : formatDuration(seconds);
}

/**
 * At most five characters: `0 7670 12.3k 123k 1.2M 12.3M`. Rounded down: 999,999 of a million is
 * not all.
 */
export function formatCount(count: number): string {
  if (count < 10_000) return String(count);
  for (const [unit, size] of [
    ['k', 1e3],
    ['M', 1e6],
    ['G', 1e9],
  ] as const) {
    const scaled = count / size;
    if (scaled < 100) return `${(Math.floor(scaled * 10) / 10).toFixed(1)}${unit}`;
    if (scaled < 1000) return `${Math.floor(scaled)}${unit}`;
  }
  return count.toExponential(0);
}

/** `7,670` */
export function formatFullCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three significant figures: `0.4 55.9 129 12.3k`. */
export function formatRate(perMinute: number): string {
  if (perMinute < 99.95) return perMinute.toFixed(1);
  return formatCount(Math.round(perMinute));
}

/** Rounded down: 100 % only at the end, at least 1 % after the start. */
export function formatPercent(ratio: number): string {
  if (ratio <= 0) return '0%';
  return `${Math.max(1, Math.floor(Math.min(1, ratio) * 100 + 1e-9))}%`;
}

/** Like `formatPercent`, but of what may exceed the whole: `158%`, `>999%`. */
export function formatShare(ratio: number): string {
  if (ratio <= 1) return formatPercent(ratio);
  return ratio > 9.99 ? '>999%' : `${Math.floor(ratio * 100 + 1e-9)}%`;
}

/** `14:18` on the day of `now`, else `24 Nov 14:18`, in another year `2024-11-24`. */
export function formatClock(at: Date, now: Date, zone: Zone): string {
  if (isFar(at)) return farWord(at);
  const then = fieldsOf(at, zone);
  const today = fieldsOf(now, zone);
  if (then.year !== today.year) return formatDay(at, zone);
  const time = `${two(then.hour)}:${two(then.minute)}`;
  const sameDay = then.month === today.month && then.day === today.day;
  return sameDay ? time : `${then.day} ${months[then.month]} ${time}`;
}

/** `14:18`; `00:05+1` on the next day, up to `+6`; then `24 Nov`. For cells of eight columns. */
export function formatClockShort(at: Date, now: Date, zone: Zone): string {
  const whole = formatClock(at, now, zone);
  if (isFar(at) || whole.length <= 5) return whole;
  const { year, month, day, hour, minute } = fieldsOf(at, zone);
  const today = fieldsOf(now, zone);
  const midnight = (one: { year: number; month: number; day: number }) =>
    Date.UTC(one.year, one.month, one.day);
  const days = (midnight({ year, month, day }) - midnight(today)) / 86_400_000;
  if (days > 0 && days < 7) return `${two(hour)}:${two(minute)}+${days}`;
  return year === today.year ? `${day} ${months[month]}` : formatDay(at, zone).slice(2);
}

/** `14:18:05` */
export function formatSecond(at: Date, zone: Zone): string {
  if (isFar(at)) return farWord(at);
  const { hour, minute, second } = fieldsOf(at, zone);
  return `${two(hour)}:${two(minute)}:${two(second)}`;
}

/** A time for a cell, the longest form first. The last has at most eight columns. */
export function momentForms(at: Date, now: Date, zone: Zone): [string, ...string[]] {
  return [formatMoment(at, now, zone), formatClockShort(at, now, zone)];
}

/** With seconds on the day of `now`, else as formatClock. */
export function formatMoment(at: Date, now: Date, zone: Zone): string {
  const today = formatDay(at, zone) === formatDay(now, zone);
  return today ? formatSecond(at, zone) : formatClock(at, now, zone);
}

/** `2024-11-24` */
export function formatDay(at: Date, zone: Zone): string {
  if (isFar(at)) return farWord(at);
  const { year, month, day: date } = fieldsOf(at, zone);
  return `${year}-${two(month + 1)}-${two(date)}`;
}

/** Zone at that time: `UTC`, `UTC+2`, `UTC-3:30`. */
export function zoneName(at: Date, zone: Zone): string {
  const minutes = zone === 'utc' ? 0 : -at.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const rest = Math.abs(minutes) % 60;
  const hours = Math.floor(Math.abs(minutes) / 60);
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${two(rest)}`}`;
}

/** `2024-05-14 14:18 UTC+2`, with seconds unless they are 0. */
export function formatInstant(at: Date, zone: Zone): string {
  const time = formatSecond(at, zone).replace(/:00$/, '');
  return `${formatDay(at, zone)} ${time} ${zoneName(at, zone)}`;
}

/** `1 partition`, `2 partitions` */
export function plural(count: number, noun: string): string {
  return `${formatFullCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export const months = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

function fieldsOf(at: Date, zone: Zone) {
  return zone === 'utc'
    ? {
        year: at.getUTCFullYear(),
        month: at.getUTCMonth(),
        day: at.getUTCDate(),
        hour: at.getUTCHours(),
        minute: at.getUTCMinutes(),
        second: at.getUTCSeconds(),
      }
    : {
        year: at.getFullYear(),
        month: at.getMonth(),
        day: at.getDate(),
        hour: at.getHours(),
        minute: at.getMinutes(),
        second: at.getSeconds(),
      };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
