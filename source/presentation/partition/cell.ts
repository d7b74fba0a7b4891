import { type PartitionBucket, partitionStates } from '../../domain/job/detail.ts';
import type { Cell } from '../text/tone.ts';

export type PartitionCounts = Omit<PartitionBucket, 'first_key' | 'last_key'>;

/** Kinds of cells of the partition map, the most urgent first. */
export const cellKinds = {
  failed: { glyph: '✗', word: 'failed', tone: 'bad' },
  running: { glyph: '▓', word: 'running', tone: 'accent' },
  retry: { glyph: '~', word: 'to be tried again', tone: 'warn' },
  done: { glyph: '█', word: 'done', tone: 'good' },
  partly: { glyph: '▄', word: 'partly done', tone: 'good' },
  skipped: { glyph: '░', word: 'skipped', tone: 'dim' },
  pending: { glyph: '·', word: 'pending', tone: 'dim' },
} as const;

export type CellKind = keyof typeof cellKinds;

const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'] as const;

export function kindOf(counts: PartitionCounts): CellKind | null {
  const all = partitionStates.reduce((sum, state) => sum + counts[state], 0);
  if (all === 0) return null;
  if (counts.failed > 0) return 'failed';
  if (counts.running > 0) return 'running';
  if ((counts.retry ?? 0) > 0 && counts.retry === counts.pending) return 'retry';
  if (counts.completed > 0) return counts.completed + counts.skipped === all ? 'done' : 'partly';
  return counts.skipped > 0 ? 'skipped' : 'pending';
}

/** One character: the height shows the completed share. */
export function partitionCell(counts: PartitionCounts): Cell {
  const kind = kindOf(counts);
  if (kind === null) return { text: ' ', tone: 'plain' };
  const { glyph, tone } = cellKinds[kind];
  if (kind !== 'partly') return { text: glyph, tone };
  const all = partitionStates.reduce((sum, state) => sum + counts[state], 0);
  const level = Math.min(levels.length, Math.max(1, Math.round((counts.completed / all) * 8)));
  return { text: levels[level - 1]!, tone };
}

export function addCounts(a: PartitionCounts, b: PartitionCounts): PartitionCounts {
  return {
    pending: a.pending + b.pending,
    running: a.running + b.running,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    retry: (a.retry ?? 0) + (b.retry ?? 0),
  };
}

export const noCounts: PartitionCounts = {
  pending: 0,
  running: 0,
  completed: 0,
  failed: 0,
  skipped: 0,
};
