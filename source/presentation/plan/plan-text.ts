import { describeParameters } from '../../domain/job/action.ts';
import { shortId } from '../../domain/job/reference.ts';
import {
  applicable,
  type JobPlan,
  type PlanFile,
  type PlannedJob,
  type ReviewedJob,
} from '../../domain/plan/plan.ts';
import { stateLabel } from '../job/state-label.ts';
import { formatFullCount, plural } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

/** `pause 9 of 12 jobs`, with the new settings. */
export function planTitle(plan: Pick<PlanFile, 'action' | 'jobs' | 'parameters'>): string {
  const set = describeParameters(plan.parameters);
  const all = plan.jobs.length;
  const some = applicable(plan).length;
  const jobs =
    some === all ? plural(all, 'job') : `${formatFullCount(some)} of ${plural(all, 'job')}`;
  return `${plan.action} ${jobs}${set === '' ? '' : ` (${set})`}`;
}

export function planText(plan: PlanFile): string {
  const { author, reason, created_at, expires_at, filter } = plan;
  return [
    `plan ${shortId(plan.id)}: ${planTitle(plan)}`,
    `  by ${safeText(author)} at ${created_at.toISOString()}, valid until ${expires_at.toISOString()}`,
    `  filter: ${safeText(filter)}`,
    ...(reason === null ? [] : [`  reason: ${safeText(reason)}`]),
    ...(plan.truncated ? ['  more jobs match: these are the first'] : []),
    ...plan.jobs.map((job) => `  ${entryText(job)}`),
    '',
  ].join('\n');
}

/** Claims of the file are marked as such. */
export function reviewText(plan: PlanFile, reviewed: readonly ReviewedJob[]): string {
  const { author, reason, created_at, expires_at, filter, action, parameters } = plan;
  const set = describeParameters(parameters);
  const some = reviewed.filter(({ skipped }) => skipped === null).length;
  return [
    `${action} ${formatFullCount(some)} of ${plural(reviewed.length, 'job')}${set === '' ? '' : ` (${safeText(set)})`}`,
    `  the file says: plan ${shortId(plan.id)} by ${safeText(author)}, made ${created_at.toISOString()}, valid until ${expires_at.toISOString()}`,
    `  the file says: selected by ${safeText(filter)}`,
    `  reason for the journal: ${safeText((reason ?? '').trim() || 'none')}`,
    ...(plan.truncated ? ['  more jobs matched: these were the first'] : []),
    '  jobs in the database now',
    ...reviewed.map(({ planned, now, skipped }) => {
      const entry = now === null ? shortId(planned.id) : jobText(now);
      return `  ${entry}${skipped === null ? '' : `  skipped: ${safeText(skipped)}`}`;
    }),
    '',
  ].join('\n');
}

/** `3f2a9c1e orders_daily running v7 251/365`, and why it is skipped. */
export function entryText(job: PlannedJob): string {
  return `${jobText(job)}${job.refusal === null ? '' : `  skipped: ${safeText(job.refusal)}`}`;
}

function jobText(job: Omit<PlannedJob, 'refusal'>): string {
  const done = `${formatFullCount(job.completed_partitions)}/${formatFullCount(job.total_partitions)}`;
  const { word } = stateLabel(job.state);
  return `${shortId(job.id)}  ${safeText(job.asset_name)}  ${word}  v${job.version}  ${done}`;
}

export function namesOf(
  jobs: readonly Pick<JobPlan['jobs'][number], 'asset_name'>[],
  most = 5,
): string {
  const names = jobs.slice(0, most).map(({ asset_name }) => safeText(asset_name, { cap: 60 }));
  const more = jobs.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${formatFullCount(more)} more` : names.join(', ');
}
