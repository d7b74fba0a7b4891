import type { Job } from '../../domain/job/job.ts';
import { attention, type Sort, stateRank } from '../../domain/job/order.ts';
import { isTerminal, jobStates } from '../../domain/job/state.ts';
import type { Access, Value } from './job-conditions.ts';

/** The order of a scan: the first columns of an index, or a sort within its range. */
type Key = 'created_at' | 'completed_at' | 'priority' | 'sla_deadline_at' | 'id';

/** SQL on alias `j`; `value` adds a parameter. */
type Sql = (value: Value) => string;

export type Stream = {
  where: Sql;
  /** A condition that no index covers: it is searched in `budget` rows. */
  condition?: Sql;
  /** Only the primary key: without statistics another index looks as good, and is read whole. */
  byKey?: true;
  /** SQL of a list to run the stream for, item by item, with `cross join lateral`. */
  each?: Sql;
  holds: (position: Position) => boolean;
};

export type Segment = { streams: readonly Stream[]; keys: readonly Key[]; descending: boolean };

/** Where a job stands in any order. Timestamps are the database's text, to the microsecond. */
export type Position = Pick<Job, 'id' | 'state' | 'priority' | 'asset_id'> & {
  created_at: string;
  completed_at: string | null;
  sla_deadline_at: string | null;
};

export function isInScan(segments: readonly Segment[], position: Position): boolean {
  return segments.some(({ streams }) => streams.some((stream) => stream.holds(position)));
}

const creation = ['created_at', 'id'] as const;

/**
 * The table's order as segments of index ranges (0010, 0030, 0035), of which only the first rows
 * are read. The order is `compareBy`'s, but without urgent jobs for `attention`: they are few and
 * come first.
 * @param column one of `walkedColumns`
 */
export function orderScan({ column, descending }: Sort, states: readonly string[]): Segment[] {
  const direction = { descending };
  switch (column) {
    case attention: {
      const ended = states.filter(isTerminal);
      const unfinished = states.filter((state) => !isTerminal(state));
      const ranks = [...new Set(unfinished.map(stateRank))].sort((a, b) => a - b);
      const segments: Segment[] = [
        ...ranks.map((rank) => ({
          streams: unfinished.filter((state) => stateRank(state) === rank).map(byState),
          keys: ['priority', ...creation] as const,
          descending: !descending,
        })),
        {
          streams: ended.map((state) => having('completed_at', byState(state))),
          keys: ['completed_at', 'id'],
          descending: !descending,
        },
        {
          streams: ended.map((state) => without('completed_at', byState(state))),
          keys: creation,
          descending: !descending,
        },
      ];
      return descending ? segments.reverse() : segments;
    }
    case 'state':
      return states
        .toSorted((a, b) => (a < b ? -1 : 1) * (descending ? -1 : 1))
        .map((state) => ({ streams: [byState(state)], keys: creation, ...direction }));
    case 'sla':
      return [
        byDeadline(unfinishedWithDeadline(states), descending),
        {
          streams: states.map((state) => (isTerminal(state) ? byState(state) : lacking(state))),
          keys: creation,
          ...direction,
        },
      ];
    case 'priority':
      return [
        {
          streams: states.map(byState),
          keys: ['priority', ...creation],
          ...direction,
        },
      ];
    case 'id':
      return [{ streams: [all(states)], keys: ['id'], ...direction }];
    default:
      return [{ streams: states.map(byState), keys: creation, ...direction }];
  }
}

/** The newest first, by the most selective index; unfinished jobs with a deadline by deadline. */
export function gatherScan(access: Access | null, states: readonly string[]): Segment[] {
  if (access?.deadlines === 'unfinished') return [byDeadline(unfinishedWithDeadline(states))];
  if (access?.deadlines === 'estimable') return [byDeadline(estimableWithDeadline(states))];
  const streams: Stream[] = [
    ...(access?.asset_ids === undefined ? [] : [byAsset(access.asset_ids, states)]),
    ...(access?.ids === undefined ? [] : [byId(access.ids, states)]),
  ];
  return [
    { streams: access === null ? states.map(byState) : streams, keys: creation, descending: true },
  ];
}

/**
 * Where jobs that need attention are: with a deadline, a stale heartbeat, a resume without a claim,
 * failed partitions, silent or missing executors, or a recent failure. The nearest deadlines first;
 * jobs that may have an ETA in a segment of their own, so that waiting jobs with nearer deadlines
 * do not hide them.
 */
export function urgentScan(
  states: readonly string[],
  { late, stale, troubled, ended }: Record<'late' | 'stale' | 'troubled' | 'ended', Sql>,
): Segment[] {
  const lateOf = (streams: readonly Stream[]) =>
    byDeadline(streams.map((stream) => ({ ...stream, condition: late })));
  const some = (state: string, condition?: Sql): Segment[] =>
    states.includes(state)
      ? [{ streams: [{ ...byState(state), condition }], keys: creation, descending: false }]
      : [];
  const others = states.filter(
    (state) => !isTerminal(state) && state !== 'running' && state !== 'resuming',
  );
  return [
    lateOf(estimableWithDeadline(states)),
    lateOf(queuedWithDeadline(states)),
    byDeadline(unknownWithDeadline(states)),
    ...some('running', (value) => `(${stale(value)} or ${troubled(value)})`),
    ...some('resuming'),
    ...others.flatMap((state) => some(state, troubled)),
    ...(states.includes('failed')
      ? [
          {
            // An index range, instead of a search within the budget.
            streams: [
              {
                ...byState('failed'),
                where: (value: Value) => `j.state = 'failed' and ${ended(value)}`,
              },
            ],
            keys: ['completed_at', 'id'] as const,
            descending: true,
          },
          {
            streams: [without('completed_at', byState('failed'))],
            keys: creation,
            descending: true,
          },
        ]
      : []),
  ];
}

function byState(state: string): Stream {
  return {
    where: (value) => `j.state = ${value(state, 'text')}`,
    holds: (position) => position.state === state,
  };
}

/** The jobs of a stream without, or with, such a time. */
function without(key: NullableTime, stream: Stream): Stream {
  return {
    where: (value) => `${stream.where(value)} and j.${key} is null`,
    holds: (position) => stream.holds(position) && position[key] === null,
  };
}

function having(key: NullableTime, stream: Stream): Stream {
  return {
    where: (value) => `${stream.where(value)} and j.${key} is not null`,
    holds: (position) => stream.holds(position) && position[key] !== null,
  };
}

/** An unfinished job without a deadline; no index covers these. */
function lacking(state: string): Stream {
  const { holds } = without('sla_deadline_at', byState(state));
  return { ...byState(state), condition: () => 'j.sla_deadline_at is null', holds };
}

type NullableTime = 'completed_at' | 'sla_deadline_at';

function byDeadline(streams: readonly Stream[], descending = false): Segment {
  return { streams, keys: ['sla_deadline_at', ...creation], descending };
}

const knownUnfinished: readonly string[] = jobStates.filter((state) => !isTerminal(state));

function unfinishedWithDeadline(states: readonly string[]): Stream[] {
  const moving = movingWithDeadline(states);
  return [...moving, ...queuedWithDeadline(states), ...unknownWithDeadline(states)];
}

/** Jobs that may have an ETA: all but pending ones that never ran and have no forecast. */
function estimableWithDeadline(states: readonly string[]): Stream[] {
  const begun: Stream = {
    where: () =>
      `j.state = 'pending' and j.started_at is not null and j.sla_deadline_at is not null`,
    holds: (position) => position.state === 'pending' && position.sla_deadline_at !== null,
  };
  const foretold: Stream = {
    byKey: true,
    where:
      () => `j.id = any (array(select f.job_id from backfill_forecasts f where f.tenant_id = $1 and f.finish_at is not null))
      and j.state || '' = 'pending' and j.started_at is null and j.sla_deadline_at is not null`,
    holds: begun.holds,
  };
  return [...movingWithDeadline(states), ...(states.includes('pending') ? [begun, foretold] : [])];
}

/**
 * State by state: one condition for all was searched among all waiting jobs (50,000 read for 20
 * running). Worded like index 0039.
 */
function movingWithDeadline(states: readonly string[]): Stream[] {
  const moving = states.filter((state) => knownUnfinished.includes(state) && state !== 'pending');
  return moving.map((state) => ({
    ...having('sla_deadline_at', byState(state)),
    where: () => `j.state = '${state}' and j.sla_deadline_at is not null`,
  }));
}

/** Worded like the index of all deadlines (0030). */
function queuedWithDeadline(states: readonly string[]): Stream[] {
  const unfinished = knownUnfinished.map((state) => `'${state}'`).join(', ');
  const where = `j.sla_deadline_at is not null and j.state in (${unfinished}) and j.state || '' = 'pending'`;
  return states.includes('pending')
    ? [{ ...having('sla_deadline_at', byState('pending')), where: () => where }]
    : [];
}

/** States of a newer program have no such index. */
function unknownWithDeadline(states: readonly string[]): Stream[] {
  return states
    .filter((state) => !(jobStates as readonly string[]).includes(state))
    .map((state) => having('sla_deadline_at', byState(state)));
}

function all(states: readonly string[]): Stream {
  return {
    byKey: true,
    where: (value) => `j.state || '' = any (${value(states, 'text[]')})`,
    holds: (position) => states.includes(position.state),
  };
}

function byId({ from, to }: { from: string; to: string }, states: readonly string[]): Stream {
  return {
    byKey: true,
    where: (value) =>
      `j.id >= ${value(from, 'uuid')} and j.id <= ${value(to, 'uuid')} and j.state || '' = any (${value(states, 'text[]')})`,
    holds: ({ id, state }) => id >= from && id <= to && states.includes(state),
  };
}

function byAsset(ids: readonly string[], states: readonly string[]): Stream {
  return {
    each: (value) =>
      `unnest(${value(ids, 'uuid[]')}) a (id) cross join unnest(${value(states, 'text[]')}) s (state)`,
    where: () => 'j.asset_id = a.id and j.state = s.state',
    holds: ({ asset_id, state }) => ids.includes(asset_id) && states.includes(state),
  };
}
