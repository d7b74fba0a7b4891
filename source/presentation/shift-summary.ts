import { isTerminal } from '../domain/job-state.ts';
import { isDecision, type ShiftSummary } from '../domain/papers.ts';
import { secondsBetween } from './eta-phrase.ts';
import { formatDuration, formatFullCount, plural } from './format.ts';
import { blocks, code, list, table, utc } from './markdown.ts';
import {
  escalationBlocks,
  etaWords,
  eventName,
  findingsTable,
  jobName,
  progressWords,
  reasonOf,
  riskWords,
  stateName,
} from './paper-words.ts';

/** The hand-over of a shift in Markdown. Times are UTC. */
export function shiftSummary(summary: ShiftSummary): string {
  const { as_of, since } = summary;
  const length = formatDuration(secondsBetween(since, as_of));
  return blocks(
    `# Hand-over of ${code(summary.tenant_id, 100)}`,
    `From ${utc(since)} to ${utc(as_of)} UTC (${length}). All times are UTC.`,
    inShort(summary),
    '## Alerts that fire',
    alerts(summary),
    '## What triage finds',
    summary.findings.length === 0 ? 'Nothing.' : findingsTable(summary.findings, as_of),
    '## Escalation',
    escalationBlocks(summary.escalations),
    '## Jobs still at risk',
    atRisk(summary),
    '## What was done, and why',
    actions(summary),
    '## Jobs that ended',
    ended(summary),
    ...attempts(summary),
  );
}

function inShort({ alerts, at_risk, actions, ended }: ShiftSummary): string {
  const failed = ended.filter(({ state }) => state === 'failed').length;
  return list([
    `${plural(alerts.length, 'alert')} ${alerts.length === 1 ? 'fires' : 'fire'}`,
    `${plural(at_risk.length, 'job')} at risk, breached or of unknown end`,
    `${plural(actions.filter(isDecision).length, 'action')} in the journal`,
    `${plural(ended.length, 'job')} ended, ${formatFullCount(failed)} of them failed`,
  ]);
}

function alerts({ alerts, as_of }: ShiftSummary): string {
  if (alerts.length === 0) return 'None.';
  return table(
    ['Alert', 'Severity', 'Since', 'Jobs'],
    alerts.map(({ name, severity, since, jobs, found }) => [
      name,
      severity,
      since === null ? '–' : `${utc(since)} (${formatDuration(secondsBetween(since, as_of))})`,
      `${jobs
        .slice(0, 5)
        .map(({ asset_name, job_id }) =>
          job_id === null ? code(asset_name, 100) : jobName(asset_name, job_id),
        )
        .join(', ')}${found > 5 ? ` and ${found - 5} more` : ''}`,
    ]),
  );
}

function atRisk({ at_risk, as_of }: ShiftSummary): string {
  if (at_risk.length === 0) return 'None.';
  return table(
    ['Job', 'State', 'Done', 'ETA', 'Deadline', 'Risk'],
    at_risk.map((job) => [
      jobName(job.asset_name, job.id),
      stateName(job.state),
      progressWords(job),
      etaWords(job, as_of),
      job.sla_deadline_at === null ? '–' : utc(job.sla_deadline_at),
      riskWords(job, as_of),
    ]),
  );
}

function actions({ actions, actions_truncated, asset_names }: ShiftSummary): string {
  const decisions = actions.filter(isDecision);
  if (decisions.length === 0) return 'Nothing, as far as the journal knows.';
  return blocks(
    actions_truncated ? 'The journal holds more than is listed: these are the last of them.' : null,
    table(
      ['When', 'Who', 'Job', 'What', 'Why'],
      decisions.map((event) => [
        utc(event.at),
        code(event.actor, 100),
        jobName(asset_names[event.job_id] ?? null, event.job_id),
        eventName(event),
        reasonOf(event),
      ]),
    ),
  ).trimEnd();
}

function ended({ ended, as_of }: ShiftSummary): string {
  if (ended.length === 0) return 'None.';
  return table(
    ['When', 'Job', 'Ended', 'Done', 'Failed', 'Deadline', 'Error'],
    ended.map((job) => [
      job.completed_at === null ? '–' : utc(job.completed_at),
      jobName(job.asset_name, job.id),
      stateName(job.state),
      progressWords(job),
      formatFullCount(job.failed_partitions),
      isTerminal(job.state) ? riskWords(job, as_of) : '–',
      job.error_message === null ? '' : code(job.error_message, 160),
    ]),
  );
}

function attempts({ attempts, asset_names }: ShiftSummary): (string | null)[] {
  if (attempts.length === 0) return [];
  const rows = attempts.map(({ job_id, kind, count }) => [
    jobName(asset_names[job_id] ?? null, job_id),
    code(kind, 60),
    formatFullCount(count),
  ]);
  return ['## What befell attempts', table(['Job', 'What', 'Times'], rows)];
}
