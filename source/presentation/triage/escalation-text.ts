import { roughDuration } from '../../domain/time/duration.ts';
import type { Escalation } from '../../domain/triage/escalation.ts';
import { formatMoment, type Zone } from '../text/format.ts';

/** `escalate in 1m: Backend Lead`, `escalate now: Backend Lead, Platform Lead` */
export function escalationTitle({ due, steps, next }: Escalation): string {
  const called = steps.slice(1).filter((step) => step.due);
  if (due) return `escalate now: ${called.map(({ who }) => who).join(', ')}`;
  if (next === null) return 'no escalation is due';
  return `escalate in ${roughDuration(Math.max(1, Math.ceil(next.in_minutes)) * 60_000)}: ${next.who}`;
}

export function escalationReasons(
  { triggers, steps, since, minutes, next, due }: Escalation,
  asOf: Date,
  zone: Zone,
): string[] {
  const clock =
    since === null
      ? []
      : [
          `first journal event at ${formatMoment(since, asOf, zone)}, ${roughDuration(minutes * 60_000)} ago`,
        ];
  const called = steps
    .slice(1)
    .filter((step) => step.due && step.after_minutes !== null && minutes >= step.after_minutes)
    .map(({ who, after_minutes }) => `notify ${who} after ${after_minutes} minutes`);
  const later =
    due && next !== null
      ? [`${next.who} in ${roughDuration(Math.ceil(next.in_minutes) * 60_000)}`]
      : [];
  return [
    ...triggers.map(({ text, reason }) => `${text}: ${reason}`),
    ...clock,
    ...called,
    ...later,
  ];
}
