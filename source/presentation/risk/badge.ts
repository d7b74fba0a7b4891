import type { JobView } from '../../domain/job/job.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { formatAge, formatDuration, formatShare } from '../text/format.ts';
import { type Phrase, signOf } from '../text/tone.ts';

type Risky = Partial<Pick<JobView, 'needs_seconds'>> &
  Pick<
    JobView,
    | 'risk_level'
    | 'risk_severity'
    | 'sla_deadline_at'
    | 'eta_seconds'
    | 'state'
    | 'completed_at'
    | 'incomplete_partitions'
  >;

/** A job's risk, long and short: by how much it is late, then the level and the severity. */
export function riskBadge(job: Risky, asOf: Date): Phrase {
  const left = job.sla_deadline_at ? (job.sla_deadline_at.getTime() - asOf.getTime()) / 1000 : 0;
  const seconds = job.eta_seconds ?? job.needs_seconds ?? 0;
  const over = formatShare(Math.max(job.risk_severity ?? 0, 0.01));
  switch (job.risk_level) {
    case 'none':
      if (job.incomplete_partitions > 0) return incomplete;
      return { forms: ['–'], tone: 'dim' };
    case 'on_track': {
      if (isTerminal(job.state)) return { forms: ['met'], tone: 'dim' };
      const spare = formatSpare(left - seconds);
      // A paused job is in time only if someone resumes it.
      if (job.state === 'paused' && job.eta_seconds === null && job.needs_seconds != null)
        return { forms: [`resume within ${spare}`, `${spare} left`], tone: 'plain' };
      const tone = job.eta_seconds === null ? 'plain' : 'good';
      return { forms: [`on track ${spare}`, `ok ${spare}`, 'ok'], tone };
    }
    case 'low':
      // Within the early warning, and not late yet.
      if ((job.risk_severity ?? 0) <= 0) {
        const spare = formatSpare(left - seconds);
        return { forms: [`low ${spare} left`, `low ${spare}`], tone: 'warn' };
      }
      return { forms: lateForms(job, left, 'low', over), tone: 'warn' };
    case 'medium':
      return { forms: lateForms(job, left, 'MEDIUM', over), tone: 'warn' };
    case 'high':
      return { forms: lateForms(job, left, 'HIGH', over), tone: 'bad' };
    case 'unknown':
      if (job.incomplete_partitions > 0) return incomplete;
      return { forms: ['unknown'], tone: 'warn' };
    case 'breached':
      return isTerminal(job.state)
        ? endedBadge(job)
        : { forms: [`BREACHED ${formatAge(-left)} ago`, 'BREACHED'], tone: 'bad' };
  }
}

/** `late by 52m (HIGH 63%)`, `late by 52m HIGH`, `HIGH +52m` */
function lateForms(
  { risk_severity }: Risky,
  left: number,
  level: string,
  share: string,
): [string, ...string[]] {
  const short = level === 'MEDIUM' ? 'MED' : level;
  // The severity is the lateness as a share of the time left; it is known without an ETA too.
  const late = formatDuration(Math.max(1, (risk_severity ?? 0) * left));
  return [`late by ${late} (${level} ${share})`, `late by ${late} ${short}`, `${short} +${late}`];
}

/** It will end incomplete, so its deadline cannot be met. */
const incomplete: Phrase = { forms: [`${signOf('bad')}incomplete`, 'incomplete'], tone: 'bad' };

/** A failed job may have ended before its deadline: neither missed nor met. */
function endedBadge({ state, sla_deadline_at, completed_at }: Risky): Phrase {
  if (state !== 'completed') return { forms: ['not met'], tone: 'bad' };
  if (sla_deadline_at === null || completed_at === null) return { forms: ['missed'], tone: 'bad' };
  const late = formatDuration((completed_at.getTime() - sla_deadline_at.getTime()) / 1000);
  return { forms: [`missed by ${late}`, 'missed'], tone: 'bad' };
}

/** Below a minute in steps of ten seconds, so that the cell rarely changes. */
function formatSpare(seconds: number): string {
  if (seconds < 10) return '<10s';
  return seconds < 60 ? `${Math.floor(seconds / 10) * 10}s` : formatDuration(seconds);
}
