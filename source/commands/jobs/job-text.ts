import type { View } from '../../app/command.ts';
import type { JobDetail, JobList } from '../../domain/job/detail.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { readStrategy } from '../../domain/job/strategy.ts';
import type { Clause, ExplainFacts } from '../../domain/triage/explain.ts';
import { countLimit } from '../../operations/jobs/list-jobs.ts';
import { jobsTable } from '../../presentation/job/columns.ts';
import { dialogText } from '../../presentation/job/dialog-text.ts';
import { formatEta, formatEtaRange } from '../../presentation/job/eta-phrase.ts';
import { healthText, isWaiting } from '../../presentation/job/health-text.ts';
import { progressBar } from '../../presentation/job/progress-bar.ts';
import { stateLabel } from '../../presentation/job/state-label.ts';
import { groupFailures, kindsOf } from '../../presentation/partition/failure-groups.ts';
import { eventCells } from '../../presentation/report/event-cells.ts';
import { riskBadge } from '../../presentation/risk/badge.ts';
import { toAscii } from '../../presentation/text/ascii.ts';
import {
  formatAge,
  formatFullCount,
  formatMilliseconds,
  formatPercent,
  formatRate,
  formatSecond,
  plural,
} from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { tableLines } from '../../presentation/text/table.ts';
import { signOf } from '../../presentation/text/tone.ts';
import type { ExplainReason } from '../../presentation/triage/explain-reason.ts';

export function jobTable(list: JobList, options: View): string {
  if (list.jobs.length === 0) return noJobs(list);
  const { width, zone } = options;
  const lines = [
    ...tableLines(jobsTable, list.jobs, { as_of: list.as_of, width, zone }),
    ...(list.truncated ? [` the first ${list.jobs.length}: more with --limit`] : []),
  ];
  return finish(lines, options);
}

/** Under row-level security a tenant that does not exist looks just like one that has no jobs. */
function noJobs({ tenant_id, counts }: JobList): string {
  const tenant = safeText(tenant_id);
  const others = Object.entries(counts).map(
    ([state, count]) => `${count}${count! >= countLimit ? '+' : ''} ${stateLabel(state).word}`,
  );
  return others.length === 0
    ? `no jobs found for tenant "${tenant}": check the name. This is not an all-clear\n`
    : `no such jobs: tenant ${tenant} has ${others.join(', ')}\n`;
}

type Surroundings = {
  idle: Idleness;
  onHold: readonly { id: string; hold_reason: string }[];
};

export type Idleness = ExplainReason &
  Pick<ExplainFacts, 'since' | 'by' | 'reason'> & { clause: Clause };

/** Clauses that add nothing to the state. */
const untold: readonly Clause[] = ['running', 'ended', 'unknown_state'];

export function jobText(detail: JobDetail, { idle, onHold }: Surroundings, options: View): string {
  const { job } = detail;
  const lines = [
    ...summaryLines(job, detail.as_of, options),
    ...healthLines(job),
    ...(untold.includes(idle.clause)
      ? []
      : [`idle         ${idle.why}${idle.next === null ? '' : ` — ${idle.next}`}`]),
    ...onHold.map((one) => `on hold      ${safeText(one.id)}: ${safeText(one.hold_reason)}`),
    ...(detail.executors.length > 0
      ? [`running on   ${detail.executors.map((id) => safeText(id)).join(', ')}`]
      : []),
    ...dialogLines(detail),
    ...(job.error_message === null ? [] : [`error        ${safeText(job.error_message)}`]),
    ...failureLines(detail),
    ...retryLines(detail, options),
    ...(detail.events.length > 0 ? ['journal'] : []),
    ...detail.events.slice(0, 10).map((event) => {
      const day = event.at.toISOString().slice(0, 10);
      const today = day === detail.as_of.toISOString().slice(0, 10) ? '' : `${day} `;
      const words = eventCells(event)
        .map((cell) => cell.text)
        .join('');
      return `  ${today}${formatSecond(event.at, options.zone)}  ${words}`;
    }),
  ];
  return finish(lines, options);
}

export function watchLine(job: JobView, asOf: Date, options: View & { named?: boolean }): string {
  const { glyph, word } = stateLabel(job.state);
  const parts = [
    formatSecond(asOf, options.zone),
    ...(options.named ? [`${shortId(job.id)} ${safeText(job.asset_name, { cap: 60 })}`] : []),
    `${glyph} ${word}`,
    `${progressBar(20, job.progress)} ${counts(job)}`,
    ...(job.failed_partitions > 0 ? [`${formatFullCount(job.failed_partitions)} failed`] : []),
    ...(job.rate_per_minute === null ? [] : [`${formatRate(job.rate_per_minute)}/min`]),
    ...(isTerminal(job.state)
      ? []
      : [`${isWaiting(job) ? '' : 'ETA '}${formatEta(job, asOf, options.zone).forms[0]}`]),
  ];
  return finish([parts.join('  ')], options);
}

function summaryLines(job: JobView, asOf: Date, options: View): string[] {
  const { glyph, word } = stateLabel(job.state);
  const strategy = readStrategy(job.execution_strategy);
  const average = job.avg_partition_duration_ms;
  const risk = riskBadge(job, asOf).forms[0];
  return [
    `${safeText(job.asset_name)}  ${job.id}`,
    `state        ${glyph} ${word}  version ${job.version}  priority ${job.priority}`,
    `progress     ${progressBar(30, job.progress)} ${counts(job)}`,
    `partitions   ${formatFullCount(job.completed_partitions)} done, ${formatFullCount(job.failed_partitions)} failed, ` +
      `${formatFullCount(job.skipped_partitions)} skipped, ${formatFullCount(job.remaining_partitions)} left`,
    `checkpoint   ${safeText(job.checkpoint_partition_key ?? 'none')}`,
    `pace         ${average === null ? 'nothing completed yet' : `${formatMilliseconds(average)} a partition`}` +
      `${job.rate_per_minute === null ? '' : `, ${formatRate(job.rate_per_minute)}/min`}` +
      `, ${job.running_slots} of ${plural(strategy.max_parallel, 'slot')} running`,
    endLine(
      job,
      formatEta(job, asOf, options.zone).forms[0],
      formatEtaRange(job, asOf, options.zone),
    ),
    ...(job.sla_deadline_at === null
      ? []
      : [`deadline     ${job.sla_deadline_at.toISOString()}  ${risk}`]),
    ...(job.heartbeat_age_seconds === null || isTerminal(job.state)
      ? []
      : [
          `heartbeat    ${formatAge(job.heartbeat_age_seconds)} ago${job.heartbeat_stale ? ' (stale)' : ''}`,
        ]),
    `created      ${job.created_at.toISOString()}${job.created_by === null ? '' : ` by ${safeText(job.created_by)}`}`,
  ];
}

/** Problems of the job, except the reason why it is not running (`idle`). */
function healthLines(job: JobView): string[] {
  const words = healthText(job);
  if (words === null || (job.waits_for !== null && job.incomplete_partitions === 0)) return [];
  return [`health       ${signOf(words.tone)}${words.text}`];
}

function endLine(job: JobView, eta: string, range: string): string {
  if (!isTerminal(job.state)) return `eta          ${eta}${range === '' ? '' : ` (${range})`}`;
  const took = eta === '–' ? '' : `  ${eta}`;
  return `ended        ${job.completed_at?.toISOString() ?? 'at an unknown time'}${took}`;
}

function counts(job: JobView): string {
  return `${formatFullCount(job.completed_partitions)}/${formatFullCount(job.total_partitions)} ${formatPercent(job.progress)}`;
}

function failureLines({ failed, job }: JobDetail): string[] {
  if (failed.length === 0) return [];
  const groups = groupFailures(kindsOf(failed));
  const shown =
    failed.length < job.failed_partitions ? ` (the first ${failed.length} of them)` : '';
  return [
    `failed       ${plural(job.failed_partitions, 'partition')}${shown}`,
    ...groups.slice(0, 10).map(({ message, partitions }) => {
      const keys = partitions.slice(0, 6).map((one) => safeText(one.partition_key, { cap: 60 }));
      const more = partitions.length > keys.length ? ' …' : '';
      return `  ${partitions.length} × ${message}: ${keys.join(', ')}${more}`;
    }),
  ];
}

function dialogLines({ dialogs, as_of }: JobDetail): string[] {
  return dialogs.map((dialog) => `dialog       ${dialogText([dialog], as_of)}`);
}

function retryLines({ open, as_of }: JobDetail, options: View): string[] {
  return open
    .filter((one) => one.state === 'pending' && one.error_message !== null)
    .slice(0, 5)
    .map((one) => {
      const due = one.available_at !== null && one.available_at > as_of;
      const when = due ? `due ${formatSecond(one.available_at!, options.zone)}` : 'due now';
      return `retry        ${safeText(one.partition_key, { cap: 60 })} ${when}: ${safeText(one.error_message ?? '')}`;
    });
}

function finish(lines: readonly string[], { ascii }: View): string {
  const text = `${lines.join('\n')}\n`;
  return ascii ? toAscii(text) : text;
}
