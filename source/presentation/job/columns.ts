import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { riskBadge } from '../risk/badge.ts';
import { formatAge, formatCount, formatPercent, formatRate } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { absent, type Column, column, longest, type Table } from '../text/table.ts';
import type { Phrase } from '../text/tone.ts';
import { formatDrift, formatEta, secondsBetween } from './eta-phrase.ts';
import { jobTone } from './health-text.ts';
import { progressBar } from './progress-bar.ts';
import { stateLabel } from './state-label.ts';

export type JobColumn = Column<JobView>;

export const jobColumns: readonly JobColumn[] = [
  column(
    'state',
    'STATE',
    (jobs) => Math.max(11, longest((job: JobView) => `? ${stateLabel(job.state).word}`, 18)(jobs)),
    (job) => {
      const { glyph, word } = stateLabel(job.state);
      return { forms: [`${glyph} ${word}`, glyph], tone: jobTone(job) };
    },
    { gap: 1 },
  ),
  column(
    'asset',
    'ASSET',
    longest((job) => safeText(job.asset_name), 60),
    (job) => phrase(safeText(job.asset_name)),
    { gap: 1 },
  ),
  column(
    'progress',
    'PROGRESS',
    20,
    (job, { width }) => ({
      forms: [progressBar(width, job.progress)],
      tone: jobTone(job),
    }),
    { grows_to: 40 },
  ),
  column(
    'done',
    'DONE',
    longest(
      (job) => `${formatCount(job.total_partitions)}/${formatCount(job.total_partitions)}`,
      13,
    ),
    (job) =>
      phrase(`${formatCount(job.completed_partitions)}/${formatCount(job.total_partitions)}`),
    { gap: 1, align: 'right' },
  ),
  column('percent', '%', 4, (job) => phrase(formatPercent(job.progress)), {
    gap: 1,
    align: 'right',
  }),
  column(
    'failed',
    'FAILED',
    6,
    (job) => ({
      forms: [formatCount(job.failed_partitions)],
      tone: job.failed_partitions > 0 ? 'bad' : 'dim',
    }),
    { align: 'right' },
  ),
  column(
    'rate',
    '/MIN',
    5,
    (job) => (job.rate_per_minute === null ? absent : phrase(formatRate(job.rate_per_minute))),
    { align: 'right' },
  ),
  column(
    'eta',
    'ETA',
    (jobs) => (jobs.some(formatDrift) ? 20 : 15),
    (job, { as_of, zone }) => formatEta(job, as_of, zone),
  ),
  column('sla', 'SLA', 16, (job, { as_of }) => riskBadge(job, as_of)),
  column(
    'priority',
    'PRI',
    3,
    (job) => (job.priority === 0 ? { forms: ['0'], tone: 'dim' } : phrase(String(job.priority))),
    { align: 'right' },
  ),
  column('heartbeat', 'HB', 4, heartbeat, {
    align: 'right',
  }),
  column(
    'slots',
    'SLOTS',
    5,
    (job) => (job.running_slots > 0 ? phrase(String(job.running_slots)) : absent),
    {
      align: 'right',
    },
  ),
  column(
    'age',
    'AGE',
    4,
    (job, { as_of }) => phrase(formatAge(secondsBetween(job.created_at, as_of))),
    { align: 'right' },
  ),
  column('id', 'JOB', 8, (job) => ({ forms: [shortId(job.id)], tone: 'dim' })),
  // Tells several jobs of one asset apart.
  column('range', 'PARTITIONS', longest(rangeText, 24), (job) =>
    rangeText(job) === '' ? absent : phrase(rangeText(job)),
  ),
  column(
    'checkpoint',
    'CHECKPOINT',
    longest((job) => safeText(job.checkpoint_partition_key ?? ''), 20),
    (job) =>
      job.checkpoint_partition_key === null
        ? absent
        : phrase(safeText(job.checkpoint_partition_key)),
  ),
  column(
    'by',
    'BY',
    longest((job) => safeText(job.created_by ?? ''), 16),
    (job) => (job.created_by === null ? absent : phrase(safeText(job.created_by))),
  ),
];

/** The first columns, which identify a job, stay when the others scroll. */
export const pinnedColumns = 2;

export const jobsTable: Table<JobView, JobColumn> = {
  columns: jobColumns,
  narrowings: [
    { column: 'by', to: 0 },
    { column: 'checkpoint', to: 0 },
    { column: 'range', to: 0 },
    { column: 'id', to: 0 },
    { column: 'age', to: 0 },
    { column: 'asset', to: 28, elastic: true },
    { column: 'progress', to: 8, elastic: true },
    { column: 'asset', to: 20, elastic: true },
    { column: 'slots', to: 0 },
    { column: 'asset', to: 16, elastic: true },
    { column: 'state', to: 1 },
    { column: 'priority', to: 0 },
    { column: 'sla', to: 10 },
    { column: 'eta', to: 11 },
    { column: 'rate', to: 0 },
    { column: 'heartbeat', to: 0 },
    { column: 'percent', to: 0 },
    { column: 'progress', to: 0 },
    { column: 'eta', to: 0 },
    { column: 'failed', to: 0 },
    { column: 'asset', to: 8, elastic: true },
    { column: 'sla', to: 0 },
    { column: 'done', to: 0 },
    { column: 'asset', to: 1, elastic: true },
  ],
  expansions: [
    ['asset', 28],
    ['sla'],
    ['eta'],
    ['state'],
    ['progress', 20],
    ['asset'],
    ['progress'],
  ],
};

/**
 * Beside the pane, which shows the figures of the selected job: columns that tell rows apart stay
 * longer than figures.
 */
export const besidePane: Table<JobView, JobColumn> = {
  ...jobsTable,
  narrowings: [
    { column: 'by', to: 0 },
    { column: 'checkpoint', to: 0 },
    { column: 'id', to: 0 },
    { column: 'age', to: 0 },
    { column: 'asset', to: 28, elastic: true },
    { column: 'progress', to: 10, elastic: true },
    { column: 'slots', to: 0 },
    { column: 'percent', to: 0 },
    { column: 'rate', to: 0 },
    { column: 'asset', to: 20, elastic: true },
    { column: 'progress', to: 0 },
    { column: 'range', to: 0 },
    ...jobsTable.narrowings,
  ],
};

/** `2024-01-01 – 2024-12-31`; empty for a list of keys. */
export function rangeText({ partition_start: from, partition_end: to }: JobView): string {
  const ends = [from, to].flatMap((end) => (end === null ? [] : [safeText(end, { cap: 40 })]));
  return ends[0] === ends[1] ? (ends[0] ?? '') : ends.join(' – ');
}

function phrase(text: string): Phrase {
  return { forms: [text], tone: 'plain' };
}

/** `!` marks a heartbeat older than the threshold `heartbeat_stale`. */
function heartbeat(job: JobView): Phrase {
  if (job.state !== 'running' && job.state !== 'resuming') return absent;
  if (job.heartbeat_age_seconds === null) {
    return job.heartbeat_stale ? { forms: ['none'], tone: 'bad' } : absent;
  }
  const age = formatAge(job.heartbeat_age_seconds);
  return job.heartbeat_stale ? { forms: [`${age}!`], tone: 'bad' } : phrase(age);
}
