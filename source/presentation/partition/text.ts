import type { JobEvent } from '../../domain/job/detail.ts';
import type { AttemptLog } from '../../domain/partition/attempt-log.ts';
import type { Partition, PartitionDetail } from '../../domain/partition/partition.ts';
import { likelyCause } from '../../domain/triage/failure-cause.ts';
import { executorName } from '../executor/name.ts';
import { actorName } from '../report/actor-name.ts';
import { formatMilliseconds, formatMoment, plural, type Zone } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';

/** The longest message or output that is stored. */
const longest = 65_536;

export function partitionText(detail: PartitionDetail, zone: Zone): string {
  const { partition, events, logs, as_of } = detail;
  return [
    ...rowLines(partition, as_of, zone),
    '',
    ...messageLines(partition.error_message),
    ...causeLines(partition.error_message),
    '',
    'Attempts',
    ...(events.length === 0 ? ['  no other events'] : []),
    ...events.map((event) => `  ${attemptLine(event, as_of, zone)}`),
    ...logs.flatMap((log) => ['', ...logLines(log, as_of, zone)]),
    ...(logs.length === 0 ? ['', 'no output of its attempts is stored'] : []),
  ].join('\n');
}

export function logText({ partition, logs, as_of }: PartitionDetail, zone: Zone): string {
  const [newest] = logs;
  if (newest !== undefined) return logLines(newest, as_of, zone).join('\n');
  return partition.state === 'running'
    ? 'no output yet: it is stored when the attempt ends'
    : 'no output of its attempts is stored';
}

function rowLines(partition: Partition, asOf: Date, zone: Zone): string[] {
  const clock = (at: Date | null) => (at === null ? '–' : formatMoment(at, asOf, zone));
  const { failure_count, crash_count, duration_ms, lease_owner } = partition;
  const lost = crash_count > 0 ? `, ${crash_count} lost` : '';
  return [
    `state     ${safeText(partition.state, { cap: 64 })}`,
    `attempts  ${partition.attempt_count} (${failure_count} failed${lost})`,
    `started   ${clock(partition.started_at)}`,
    `ended     ${clock(partition.completed_at)}${duration_ms === null ? '' : ` after ${formatMilliseconds(duration_ms)}`}`,
    ...(partition.state === 'pending' ? [`retry at  ${clock(partition.available_at)}`] : []),
    `executor  ${lease_owner === null ? '–' : safeText(lease_owner, { cap: 300 })}`,
  ];
}

export function messageLines(message: string | null): string[] {
  if (message === null) return ['(no message)'];
  return safeText(message, { cap: longest, lines: true })
    .split('\n')
    .map((line) => `  ${line}`);
}

export function causeLines(message: string | null): string[] {
  const cause = likelyCause(message);
  return cause === null ? [] : [`likely: ${cause.title} — ${cause.advice}`];
}

function attemptLine(event: JobEvent, asOf: Date, zone: Zone): string {
  const why = event.reason === null ? '' : `  ${safeText(event.reason, { cap: 2000 })}`;
  const kind = safeText(event.kind, { cap: 64 });
  return `${formatMoment(event.at, asOf, zone)}  ${kind}  ${actorName(event)}${why}`;
}

function logLines(log: AttemptLog, asOf: Date, zone: Zone): string[] {
  const output = safeText(log.output, { cap: longest, lines: true }).replace(/\n+$/, '');
  const size = log.output.length >= longest ? ', the end of it' : '';
  return [
    `Output of attempt ${log.attempt}, ${formatMoment(log.at, asOf, zone)}, ${executorName(log.executor_id)} (${plural(log.output.length, 'character')}${size})`,
    ...(output === '' ? ['  (empty)'] : output.split('\n').map((line) => `  ${line}`)),
  ];
}
