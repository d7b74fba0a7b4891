import { trendOf } from '../../domain/forecast/trend.ts';
import type { RelatedJob } from '../../domain/job/insight.ts';
import { readStrategy } from '../../domain/job/strategy.ts';
import { type IncidentReport, isDecision } from '../../domain/report/reports.ts';
import type { FailureCause } from '../../domain/triage/cause-names.ts';
import { failureCauses } from '../../domain/triage/failure-cause.ts';
import { secondsBetween } from '../job/eta-phrase.ts';
import { groupFailures } from '../partition/failure-groups.ts';
import {
  formatAge,
  formatDuration,
  formatFullCount,
  formatMilliseconds,
  formatRate,
  plural,
} from '../text/format.ts';
import { explainReason } from '../triage/explain-reason.ts';
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
export function incidentReport(report: IncidentReport): string {
  const { job, as_of } = report;
  return blocks(
    `# Incident report: ${jobName(job.asset_name, job.id)}`,
    `Job ${job.id} of tenant ${code(report.tenant_id, 100)}, as of ${utc(as_of)} UTC. All times are UTC.`,
    summary(report),
    '## Figures',
    figures(report),
    report.findings.length === 0 ? null : '## Triage findings',
    report.findings.length === 0 ? null : findingsTable(report.findings, as_of),
    '## Escalation',
    escalationBlocks(report.escalations),
    ...failures(report),
    '## Downstream impact',
    impact(report),
    ...upstream(report),
    '## Actions and reasons',
    people(report),
    '## Timeline',
    timeline(report),
  );
}

function summary({ explanation, job, as_of, recommendation }: IncidentReport): string {
  const { why, next } = explainReason(explanation.clause, explanation.facts);
  const state = `The job is **${stateName(job.state)}**, ${progressText(job)} done, ${plural(job.failed_partitions, 'partition')} failed.`;
  const risk = job.risk_level === 'none' ? '' : ` To its deadline: ${riskSummary(job, as_of)}.`;
  const advice = recommendation?.text ?? next;
  const command = recommendation?.command ?? null;
  return blocks(
    `${state}${risk}`,
    `Why: ${code(why)}`,
    advice === null ? null : `Recommended: ${code(advice)}`,
    command === null ? null : `Command: ${code(command)}`,
  ).trimEnd();
}

function figures({ job, as_of, durations, samples, executors }: IncidentReport): string {
  const strategy = readStrategy(job.execution_strategy);
  const rates = trendOf(samples).per_minute.flatMap((rate) => (rate === null ? [] : [rate]));
  const time = (at: Date | null) => (at === null ? '–' : utc(at));
  const took =
    job.started_at === null ? null : secondsBetween(job.started_at, job.completed_at ?? as_of);
  const rows: [string, string][] = [
    [
      'Partitions',
      `${progressText(job)}, ${formatFullCount(job.failed_partitions)} failed, ${formatFullCount(job.skipped_partitions)} skipped, ${formatFullCount(job.remaining_partitions)} left`,
    ],
    [
      'Checkpoint',
      job.checkpoint_partition_key === null ? '–' : code(job.checkpoint_partition_key, 120),
    ],
    [
      'Created',
      `${utc(job.created_at)}${job.created_by === null ? '' : ` by ${code(job.created_by, 100)}`}`,
    ],
    ['Started', time(job.started_at)],
    [
      'Ended',
      `${time(job.completed_at)}${took === null ? '' : ` (${formatDuration(took)}${job.completed_at === null ? ' so far' : ''})`}`,
    ],
    ['Deadline', time(job.sla_deadline_at)],
    ['ETA', etaText(job, as_of)],
    [
      'Heartbeat',
      job.heartbeat_age_seconds === null
        ? '–'
        : `${formatAge(job.heartbeat_age_seconds)} old${job.heartbeat_stale ? ', stale' : ''}`,
    ],
    ['Partition duration', duration(job.avg_partition_duration_ms, durations)],
    [
      'Rate',
      rates.length === 0
        ? '–'
        : `${formatRate(rates.at(-1)!)}/min; highest ${formatRate(Math.max(...rates))}, lowest ${formatRate(Math.min(...rates))} in ${plural(samples.length, 'minute')} sampled`,
    ],
    ['Max parallel', `${strategy.max_parallel}, ${strategy.max_attempts} attempts each`],
    [
      'Executors',
      executors.length === 0
        ? 'none'
        : executors.map(({ id, partitions }) => `${code(id, 80)} (${partitions})`).join(', '),
    ],
    ['Priority', `${job.priority}, version ${job.version}`],
  ];
  const error = job.error_message === null ? [] : [['Error', code(job.error_message)] as const];
  return table(['Figure', 'Value'], [...rows, ...error]);
}

function duration(average: number | null, { p50_ms, p95_ms }: IncidentReport['durations']): string {
  if (average === null) return 'nothing completed yet';
  const spread =
    p50_ms === null || p95_ms === null
      ? ''
      : `; half took ${formatMilliseconds(p50_ms)}, 95 % up to ${formatMilliseconds(p95_ms)}`;
  return `${formatMilliseconds(average)} on average${spread}`;
}

/** Other advice quotes the message. */
const isStatic = ({ advice }: FailureCause) => failureCauses.some((one) => one.advice === advice);

function failures({ failures, durations }: IncidentReport): (string | null)[] {
  const groups = groupFailures(failures);
  const slow = durations.slowest.slice(0, 5);
  return [
    groups.length === 0 ? null : '## Failures by kind',
    groups.length === 0
      ? null
      : table(
          ['Partitions', 'Message', 'Likely cause', 'Keys'],
          groups.map(({ count, message, cause, partitions }) => [
            formatFullCount(count),
            code(message),
            cause?.title ?? 'none of the common causes: read the message',
            keys(
              partitions.map(({ partition_key }) => partition_key),
              count,
            ),
          ]),
        ),
    groups.length === 0
      ? null
      : list([
          ...new Set(
            groups.flatMap(({ cause }) =>
              cause === null
                ? []
                : [`${cause.title}: ${isStatic(cause) ? cause.advice : code(cause.advice, 300)}.`],
            ),
          ),
        ]),
    slow.length === 0
      ? null
      : `Slowest of the last ${plural(durations.count, 'partition')}: ${slow.map((one) => `${code(one.partition_key, 80)} ${formatMilliseconds(one.duration_ms)}`).join(', ')}.`,
  ];
}

function keys(all: readonly string[], count: number): string {
  const shown = all.slice(0, 5).map((key) => code(key, 80));
  return `${shown.join(', ')}${count > shown.length ? ` and ${formatFullCount(count - shown.length)} more` : ''}`;
}

function impact({ waiting, assets, as_of }: IncidentReport): string {
  const made = assets.map(({ name, owner, depth, jobs }) => {
    const away = depth === 1 ? '' : `, ${depth} steps away`;
    const active =
      jobs.length === 0
        ? 'no active job'
        : jobs.map(({ id, state }) => `${id.slice(0, 8)} ${stateName(state)}`).join(', ');
    return `${code(name, 100)}${owner === null ? '' : ` of ${code(owner, 100)}`}${away}: ${active}`;
  });
  return blocks(
    waiting.length === 0
      ? 'No downstream job waits for it.'
      : table(
          ['Waiting job', 'State', 'Done', 'Deadline'],
          waiting.map((one) => relatedRow(one, as_of)),
        ),
    made.length === 0 ? 'No downstream asset.' : 'Downstream assets:',
    made.length === 0 ? null : list(made),
  ).trimEnd();
}

function upstream({ upstreams, as_of }: IncidentReport): (string | null)[] {
  if (upstreams.length === 0) return [];
  const rows = upstreams.map((one) => relatedRow(one, as_of));
  return ['## Upstream jobs', table(['Upstream job', 'State', 'Done', 'Deadline'], rows)];
}

function relatedRow({ id, depth, job }: RelatedJob, asOf: Date): string[] {
  const indent = '· '.repeat(depth - 1);
  if (job === null) return [`${indent}${id.slice(0, 8)}`, 'deleted', '', ''];
  return [
    `${indent}${jobName(job.asset_name, id)}`,
    stateName(job.state),
    progressText(job),
    riskSummary(job, asOf),
  ];
}

function people({ timeline }: IncidentReport): string {
  const decisions = timeline.filter(isDecision);
  if (decisions.length === 0) return 'No actions in the journal.';
  return table(
    ['When', 'Who', 'What', 'Why'],
    decisions.map((event) => [
      utc(event.at),
      code(event.actor + loginNote(event), 160),
      eventName(event),
      reasonOf(event),
    ]),
  );
}

function timeline({ timeline, attempts }: IncidentReport): string {
  const counted = attempts.map(
    ({ kind, count, first_at, last_at }) =>
      `${formatFullCount(count)} × ${code(kind, 60)}, ${utc(first_at)} to ${utc(last_at)}`,
  );
  return blocks(
    timeline.length === 0
      ? 'No events in the journal.'
      : table(
          ['When', 'What', 'By', 'Reason'],
          timeline.map((event) => [
            utc(event.at),
            eventName(event),
            code(event.actor + loginNote(event), 160),
            event.reason === null ? '' : code(event.reason),
          ]),
        ),
    counted.length === 0 ? null : 'Attempts that did not succeed:',
    counted.length === 0 ? null : list(counted),
  ).trimEnd();
}
