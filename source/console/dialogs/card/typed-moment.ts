import type { Zone } from '../../../presentation/text/format.ts';

const onTheClock = /^(\d{1,2}):(\d{2})$/;
const onTheCalendar = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2}))?)?)?$/;

/** `14:30` is its next occurrence. Other texts stay as they are. */
export function zoned(text: string, zone: Zone, now: Date): string {
  const trimmed = text.trim();
  const clock = onTheClock.exec(trimmed);
  if (clock !== null) return nextTime(Number(clock[1]), Number(clock[2]), zone, now) ?? text;
  const day = onTheCalendar.exec(trimmed);
  if (day === null || zone === 'utc') return day === null ? text : trimmed.replace(' ', 'T');
  const [year, month, date, hour = 0, minute = 0, second = 0] = day
    .slice(1)
    .map((part) => Number(part ?? 0));
  const at = new Date(year!, month! - 1, date, hour, minute, second);
  // The 31st of a 30-day month is a mistake, not the first of the next.
  const real = at.getMonth() === month! - 1 && at.getDate() === date && at.getHours() === hour;
  return real ? at.toISOString() : text;
}

function nextTime(hour: number, minute: number, zone: Zone, now: Date): string | null {
  if (hour > 23 || minute > 59) return null;
  const at = new Date(now);
  if (zone === 'utc') at.setUTCHours(hour, minute, 0, 0);
  else at.setHours(hour, minute, 0, 0);
  if (at <= now) {
    if (zone === 'utc') at.setUTCDate(at.getUTCDate() + 1);
    else at.setDate(at.getDate() + 1);
  }
  return at.toISOString();
}
