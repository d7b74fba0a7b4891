import type { ExecutorState, ExecutorView } from '../../domain/executor/executor.ts';
import { shortId } from '../../domain/job/reference.ts';
import { policy } from '../../domain/policy.ts';
import { secondsBetween } from '../job/eta-phrase.ts';
import { formatAge, formatMoment, plural } from '../text/format.ts';
import type { Detail, Item } from '../text/item.ts';
import { safeText } from '../text/safe-text.ts';
import { absent, column, longest, type Table } from '../text/table.ts';
import type { Cell, Tone } from '../text/tone.ts';
import { executorName } from './name.ts';

type Executor = Item<ExecutorView>;

const states: Readonly<Record<ExecutorState, { glyph: string; tone: Tone; means: string }>> = {
  alive: { glyph: '●', tone: 'good', means: 'claims and runs partitions' },
  on_hold: { glyph: '‖', tone: 'warn', means: 'claims nothing for now' },
  draining: { glyph: '◌', tone: 'accent', means: 'finishes its partitions, then exits' },
  silent: {
    glyph: '?',
    tone: 'warn',
    means: `no sign of life for ${policy.alive_ms / 1000} s; its leases expire ${policy.lease_ms / 1000} s after their last heartbeat`,
  },
  lost: {
    glyph: '✗',
    tone: 'bad',
    means: 'declared dead: its partitions run again elsewhere',
  },
  stopped: { glyph: '⊘', tone: 'dim', means: 'shut down cleanly' },
};

const stateText = ({ state }: ExecutorView) => state.replace('_', ' ');

const assetsOf = ({ row }: Executor) =>
  [...new Set(row.running.map(({ asset_name }) => safeText(asset_name)))].join(', ');

export const executorTable: Table<Executor> = {
  columns: [
    column(
      'state',
      'STATE',
      10,
      ({ row }) => ({
        forms: [`${states[row.state].glyph} ${stateText(row)}`, states[row.state].glyph],
        tone: states[row.state].tone,
      }),
      { gap: 1 },
    ),
    column('since', 'SINCE', 5, ({ row }, { as_of }) => ({
      forms: [formatAge(secondsBetween(row.state_since, as_of))],
      tone: 'plain',
    })),
    column(
      'executor',
      'EXECUTOR',
      longest(({ row }: Executor) => executorName(row.id), 40),
      ({ row }) => ({ forms: [executorName(row.id)], tone: 'plain' }),
    ),
    column(
      'slots',
      'BUSY',
      7,
      ({ row }) => ({
        forms: [`${row.slots_busy}/${row.slots}`],
        tone: row.slots_busy > 0 ? 'plain' : 'dim',
      }),
      { align: 'right' },
    ),
    column('runs', 'RUNS', longest(assetsOf, 60), (item) =>
      item.row.running.length === 0 ? absent : { forms: [assetsOf(item)], tone: 'plain' },
    ),
    column('handlers', 'HANDLERS', longest(handlersOf, 60), (item) => ({
      forms: [handlersOf(item), plural(item.row.handlers.length, 'handler')],
      tone: 'dim',
    })),
    column('version', 'VERSION', 8, ({ row }) => ({ forms: [safeText(row.version)], tone: 'dim' })),
  ],
  narrowings: [
    { column: 'handlers', to: 12, elastic: true },
    { column: 'version', to: 0 },
    { column: 'runs', to: 16, elastic: true },
    { column: 'executor', to: 16, elastic: true },
    { column: 'handlers', to: 0 },
    { column: 'since', to: 0 },
    { column: 'state', to: 1 },
    { column: 'runs', to: 0 },
    { column: 'slots', to: 0 },
    { column: 'executor', to: 1, elastic: true },
  ],
  expansions: [['executor'], ['runs'], ['handlers']],
};

function handlersOf({ row }: Executor): string {
  return row.handlers.map((name) => safeText(name, { cap: 60 })).join(', ');
}

export const executorDetail: Detail<ExecutorView> = ({ row }, { as_of, zone }) => {
  const { means, tone } = states[row.state];
  const age = (at: Date) => formatAge(secondsBetween(at, as_of));
  const head: Cell[] = [
    { text: safeText(row.id, { cap: 300 }), tone: 'strong' },
    { text: ` · ${stateText(row)} for ${age(row.state_since)}: ${means}`, tone },
  ];
  const facts = `${plural(row.slots, 'slot')} · started ${formatMoment(row.started_at, as_of, zone)} · last seen ${age(row.seen_at)} ago · ${row.catalogue === null ? '' : `catalogue ${safeText(row.catalogue)} · `}handlers: ${handlersOf({ row, job: null }) || 'none'}`;
  const held: Cell[][] =
    row.hold_reason === null
      ? []
      : [[{ text: `on hold: ${safeText(row.hold_reason)}`, tone: 'warn' }]];
  const away = row.outages.map(({ asset, kind, message, since }): Cell[] => [
    {
      text: `${kind} unavailable for ${safeText(asset)} since ${age(since)}: ${safeText(message)}`,
      tone: 'warn',
    },
  ]);
  const running = row.running.map((attempt): Cell[] => [
    { text: `runs ${safeText(attempt.asset_name)} `, tone: 'plain' },
    { text: shortId(attempt.job_id), tone: 'dim' },
    {
      text: `  ${safeText(attempt.partition_key, { cap: 120 })} for ${age(attempt.started_at)}, attempt ${attempt.attempt}`,
      tone: 'plain',
    },
  ]);
  return [head, [{ text: facts, tone: 'dim' }], ...held, ...away, ...running];
};
