import { shortId } from '../../../domain/job/reference.ts';
import { isTerminal } from '../../../domain/job/state.ts';
import { executorName } from '../../../presentation/executor/name.ts';
import { formatEta, secondsBetween } from '../../../presentation/job/eta-phrase.ts';
import { stateLabel } from '../../../presentation/job/state-label.ts';
import { eventCells } from '../../../presentation/report/event-cells.ts';
import { riskBadge } from '../../../presentation/risk/badge.ts';
import { fitted } from '../../../presentation/text/fitted.ts';
import {
  formatAge,
  formatFullCount,
  formatLeft,
  formatMilliseconds,
  formatMoment,
  formatPercent,
  plural,
} from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import type { PanelItem } from '../../model/panels.ts';
import type { JobScreen, State } from '../../model/state.ts';
import { type Line, span, time } from '../../widgets/spans.ts';

type Item<P extends PanelItem['panel']> = Extract<PanelItem, { panel: P }>;

export type RowContext = {
  state: State;
  job: JobScreen;
  now: Date;
  keyWidth: number;
  width: number;
};

type Rows = { readonly [P in PanelItem['panel']]: (item: Item<P>, context: RowContext) => Line };

const rows: Rows = {
  failed: (item, context) =>
    item.partition === null
      ? kindLine(item, context)
      : [
          span('    '),
          span(fitted(keyOf(item.partition.partition_key), context.keyWidth)),
          span(`  ${plural(item.partition.attempt_count, 'attempt')}`, 'dim'),
          time(ended(item.partition.completed_at, context), 'dim'),
          span(`  ${safeText(item.partition.error_message ?? '(no message)')}`),
        ],
  open: ({ partition }, { now, keyWidth }) => [
    span(`${fitted(keyOf(partition.partition_key), keyWidth)}  `),
    ...openText(partition, now),
    span(partition.error_message === null ? '' : `   ${safeText(partition.error_message)}`, 'dim'),
  ],
  slow: ({ partition }, context) => [
    span(`${fitted(keyOf(partition.partition_key), context.keyWidth)}  `),
    span(fitted(formatMilliseconds(partition.duration_ms), 7, 'right')),
    span(timesTheMiddle(partition.duration_ms, context), 'dim'),
    time(ended(partition.completed_at, context), 'dim'),
    span(partition.attempt_count > 1 ? `  attempt ${partition.attempt_count}` : '', 'dim'),
  ],
  events: ({ event }, { now, state }) => [
    time(`${formatMoment(event.at, now, state.options.zone)}  `, 'dim'),
    ...eventCells(event),
  ],
  tree: (item, context) => (item.way === 'made' ? assetLine(item) : relatedLine(item, context)),
  executors: ({ executor }, { now, keyWidth }) => [
    span(fitted(executorName(executor.id), keyWidth)),
    ...signOfLife(executor, now),
    span(`  ${plural(executor.partitions, 'partition')} in ${plural(executor.slots, 'slot')}`),
    span(
      executor.since === null
        ? ''
        : `, oldest for ${formatAge(secondsBetween(executor.since, now))}`,
      'dim',
    ),
  ],
};

export function panelRow(item: PanelItem, context: RowContext): Line {
  return rows[item.panel](item as never, context);
}

export function rowKey(item: PanelItem): string {
  switch (item.panel) {
    case 'failed':
      return item.partition === null ? '' : keyOf(item.partition.partition_key);
    case 'open':
    case 'slow':
      return keyOf(item.partition.partition_key);
    case 'executors':
      return executorName(item.executor.id);
    default:
      return '';
  }
}

function keyOf(key: string): string {
  return safeText(key, { cap: 300 });
}

const causeText = {
  rate_limiting: 'rate limiting?',
  resource_exhaustion: 'resources exhausted?',
  schema_change: 'schema changed?',
  upstream_unavailable: 'upstream unavailable?',
  missing_grant: 'privilege missing',
  conflict: 'conflicts',
  cancelled: 'cancelled',
} as const;

/** `▸ 3,201 ×  connection refused …   upstream unavailable?   2024-03-12, 2024-05-02` */
function kindLine({ group, key }: Item<'failed'>, { job, width }: RowContext): Line {
  const { message, partitions, count, cause } = group;
  const folds = count > 1 ? (job.unfolded === key ? '▾' : '▸') : ' ';
  const head = `${folds}${formatFullCount(count).padStart(countWidth(job))} ×  `;
  const tail = cause === null ? '' : `   ${causeText[cause.name]}`;
  const room = width - widthOf(head) - widthOf(tail);
  const shown = fitted(message, Math.max(8, Math.min(room, widthOf(message))));
  const keys = partitions.slice(0, 3).map(({ partition_key }) => keyOf(partition_key));
  const more = count > keys.length ? ' …' : '';
  const spare = room - widthOf(shown) - 3;
  const listed = `${keys.join(', ')}${more}`;
  return [
    span(head, 'bad'),
    span(shown),
    span(tail, 'warn'),
    ...(spare >= 10 ? [span(`   ${fitted(listed, Math.min(spare, widthOf(listed)))}`, 'dim')] : []),
  ];
}

function countWidth({ insight }: JobScreen): number {
  return Math.max(
    3,
    ...(insight?.failures ?? []).map(({ count }) => formatFullCount(count).length),
  );
}

function ended(at: Date | null, { now, state }: RowContext): string {
  return at === null ? '' : `  ${formatMoment(at, now, state.options.zone)}`;
}

/** Only durations far from the median get a factor. */
function timesTheMiddle(duration: number, { job }: RowContext): string {
  const middle = job.insight?.durations.p50_ms ?? 0;
  const times = middle > 0 ? duration / middle : 0;
  return times >= 1.5 ? `  ${times >= 10 ? Math.round(times) : times.toFixed(1)} × the median` : '';
}

function openText(partition: Item<'open'>['partition'], now: Date): Line {
  const attempt = `attempt ${partition.attempt_count}`;
  if (partition.state === 'running') {
    const since =
      partition.started_at === null
        ? ''
        : ` for ${formatAge(secondsBetween(partition.started_at, now))}`;
    const owner = partition.lease_owner;
    const on = owner === null ? '' : ` on ${executorName(owner)}`;
    return [span(`running${since}`, 'accent'), span(`, ${attempt}${on}`)];
  }
  const due =
    partition.available_at === null ? 0 : (partition.available_at.getTime() - now.getTime()) / 1000;
  const next = due > 0 ? `retry in ${formatLeft(due)}` : 'retry is due';
  return [span(next, 'warn'), span(` after ${plural(partition.attempt_count, 'attempt')}`)];
}

const ways = { up: 'needs     ', down: 'blocks    ', made: 'feeds     ' } as const;

type Related = Extract<Item<'tree'>, { way: 'up' | 'down' }>;

/** `needs     └ ● orders_raw 3f2a9c1e 69%  in 1m` */
function relatedLine({ way, related }: Related, { now, state }: RowContext): Line {
  const { depth, job } = related;
  const indent = depth > 1 ? `${'  '.repeat(Math.min(depth, 10) - 2)}└ ` : '';
  const head = [span(ways[way], 'dim'), span(indent, 'dim')];
  if (job === null) return [...head, span(`? job ${shortId(related.id)} was deleted`, 'warn')];
  const { glyph, word, tone } = stateLabel(job.state);
  const eta = formatEta(job, now, state.options.zone);
  const risk = riskBadge(job, now);
  const error = job.error_message === null ? '' : `   ${safeText(job.error_message)}`;
  return [
    ...head,
    span(`${glyph} `, tone),
    span(safeText(job.asset_name, { cap: 300 })),
    span(` ${shortId(job.id)}`, 'dim'),
    span(`  ${word} ${formatPercent(job.progress)}`),
    ...(isTerminal(job.state) || eta.forms[0] === '–' ? [] : [time(`  ${eta.forms[0]}`, eta.tone)]),
    ...(job.risk_level === 'none' ? [] : [span(`  ${risk.forms[0]}`, risk.tone)]),
    span(error, 'bad'),
  ];
}

function assetLine({ asset }: Extract<Item<'tree'>, { way: 'made' }>): Line {
  const jobs = asset.jobs.map(({ id, state }) => `${shortId(id)} ${stateLabel(state).word}`);
  return [
    span(ways.made, 'dim'),
    span(asset.depth > 1 ? `${'  '.repeat(Math.min(asset.depth, 10) - 2)}└ ` : '', 'dim'),
    span(safeText(asset.name, { cap: 300 })),
    span(asset.owner === null ? '' : `  of ${safeText(asset.owner, { cap: 100 })}`, 'dim'),
    jobs.length === 0 ? span('  no active job', 'dim') : span(`  active: ${jobs.join(', ')}`),
  ];
}

function signOfLife(executor: Item<'executors'>['executor'], now: Date): Line {
  if (executor.lost) return [span('  dead', 'bad')];
  if (executor.seen_at === null) return [span('  not registered', 'warn')];
  const silence = secondsBetween(executor.seen_at, now);
  const seen =
    silence > 10 ? [span(`  silent for ${formatAge(silence)}`, 'warn')] : [span('  alive', 'dim')];
  return executor.draining ? [...seen, span(', draining', 'warn')] : seen;
}
