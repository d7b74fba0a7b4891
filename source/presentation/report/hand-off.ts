import type { JobView } from '../../domain/job/job.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { type HandOff, isDecision } from '../../domain/report/reports.ts';
import { secondsBetween } from '../job/eta-phrase.ts';
import { formatDuration, formatFullCount, plural } from '../text/format.ts';
import { othersText } from '../triage/alert-text.ts';
import { loginNote } from './actor-name.ts';
import { blocks, code, list, table, utc } from './markdown.ts';
import {
  escalationBlocks,
  etaText,
  eventName,
  findingsTable,
  jobName,
  progressText,
  reasonOf,
  riskSummary,
  stateName,
} from './report-text.ts';

/** Markdown; times are UTC. */
export function handOffReport(summary: HandOff): string {
  const { as_of, since } = summary;
  const length = formatDuration(secondsBetween(since, as_of));
  return blocks(
    `# Hand-off of ${code(summary.tenant_id, 100)}`,
    `From ${utc(since)} to ${utc(as_of)} UTC (${length}). All times are UTC.`,
    inShort(summary),
    '## Firing alerts',
    alerts(summary),
    '## Triage findings',
    summary.findings.length === 0 ? 'Nothing.' : findingsTable(summary.findings, as_of),
    '## Escalation',
    escalationBlocks(summary.escalations),
    '## Jobs still at risk',
    atRisk(summary),
    '## Actions and reasons',
    actions(summary),
    '## Ended jobs',
    ended(summary),
    ...attempts(summary),
  );
}

function inShort({ alerts, at_risk, actions, ended_counts }: HandOff): string {
  const { failed = 0 } = ended_counts;
  const ended = Object.values(ended_counts).reduce((sum, count) => sum + count, 0);
  return list([
    `${plural(alerts.length, 'alert')} ${alerts.length === 1 ? 'fires' : 'fire'}`,
    `${plural(at_risk.length, 'job')} at risk, breached or unknown`,
    `${plural(actions.filter(isDecision).length, 'action')} in the journal`,
    `${plural(ended, 'job')} ended, ${formatFullCount(failed)} of them failed`,
  ]);
}

function alerts({ alerts, as_of }: HandOff): string {
  if (alerts.length === 0) return 'None.';
  return table(
    ['Alert', 'Severity', 'Since', 'Jobs'],
    alerts.map(({ name, severity, since, jobs, found, truncated }) => [
      name,
      severity,
      since === null ? '–' : `${utc(since)} (${formatDuration(secondsBetween(since, as_of))})`,
      `${jobs
        .slice(0, 5)
        .map(({ asset_name, job_id }) =>
          job_id === null ? code(asset_name, 100) : jobName(asset_name, job_id),
        )
        .join(', ')}${found > 5 ? ` and ${othersText(found - 5, truncated)}` : ''}`,
    ]),
  );
}

function atRisk({ at_risk, as_of }: HandOff): string {
  if (at_risk.length === 0) return 'None.';
  return table(
    ['Job', 'State', 'Done', 'ETA', 'Deadline', 'Risk'],
    at_risk.map((job) => [
      jobName(job.asset_name, job.id),
      stateName(job.state),
      progressText(job),
      etaText(job, as_of),
      job.sla_deadline_at === null ? '–' : utc(job.sla_deadline_at),
      riskSummary(job, as_of),
    ]),
  );
}

function actions({ actions, actions_truncated, asset_names }: HandOff): string {
  const decisions = actions.filter(isDecision);
  if (decisions.length === 0) return 'No actions in the journal.';
  return blocks(
    actions_truncated ? 'The journal has more events: these are the latest.' : null,
    table(
      ['When', 'Who', 'Job', 'What', 'Why'],
      alike(decisions, ({ actor, login, kind, from_state, to_state, reason }) =>
        [actor, login, kind, from_state === null, to_state, reason].join('\0'),
      ).map((events) => [
        during(events.map(({ at }) => at)),
        code(events[0]!.actor + loginNote(events[0]!), 160),
        jobNames(events.map(({ job_id: id }) => ({ id, asset_name: asset_names[id] ?? null }))),
        eventName(events[0]!),
        reasonOf(events[0]!),
      ]),
    ),
  ).trimEnd();
}

function ended({ ended, as_of }: HandOff): string {
  if (ended.length === 0) return 'None.';
  const riskOfEnded = (job: JobView) => (isTerminal(job.state) ? riskSummary(job, as_of) : '–');
  return table(
    ['When', 'Job', 'Ended', 'Done', 'Failed', 'Deadline', 'Error'],
    alike(ended, (job) => [job.state, riskOfEnded(job), job.error_message ?? ''].join('\0')).map(
      (jobs) => [
        during(jobs.flatMap(({ completed_at }) => completed_at ?? [])),
        jobNames(jobs),
        stateName(jobs[0]!.state),
        jobs.length === 1 ? progressText(jobs[0]!) : '',
        formatFullCount(jobs.reduce((sum, job) => sum + job.failed_partitions, 0)),
        riskOfEnded(jobs[0]!),
        jobs[0]!.error_message === null ? '' : code(jobs[0]!.error_message, 160),
      ],
    ),
  );
}

/** From this many on, equal rows are merged: a bulk action must not bury the rest of a shift. */
const many = 5;

/** Groups of at least `many` equal items in the place of the first; other items alone. */
function alike<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return items.flatMap((item) => {
    const group = groups.get(keyOf(item))!;
    if (group.length < many) return [[item]];
    return group[0] === item ? [group] : [];
  });
}

/** `2026-11-22 07:59:02 to 2026-11-22 07:59:25`, for times in any order. */
function during(times: readonly Date[]): string {
  const sorted = times.toSorted((a, b) => a.getTime() - b.getTime()).map(utc);
  if (sorted.length === 0) return '–';
  return sorted[0] === sorted.at(-1) ? sorted[0]! : `${sorted[0]} to ${sorted.at(-1)}`;
}

/** `orders_daily` 3f2a9c1e; `284 jobs: orders_daily, clicks and 3 more assets` */
function jobNames(jobs: readonly { id: string; asset_name: string | null }[]): string {
  if (jobs.length === 1) return jobName(jobs[0]!.asset_name, jobs[0]!.id);
  const assets = [...new Set(jobs.flatMap(({ asset_name }) => asset_name ?? []))];
  const few = assets.slice(0, 3).map((name) => code(name, 100));
  const more = assets.length - few.length;
  return `${formatFullCount(jobs.length)} jobs: ${few.join(', ')}${more > 0 ? ` and ${plural(more, 'more asset')}` : ''}`;
}

function attempts({ attempts, asset_names }: HandOff): (string | null)[] {
  if (attempts.length === 0) return [];
  const rows = attempts.map(({ job_id, kind, count }) => [
    jobName(asset_names[job_id] ?? null, job_id),
    code(kind, 60),
    formatFullCount(count),
  ]);
  return ['## Attempts that did not succeed', table(['Job', 'What', 'Times'], rows)];
}
