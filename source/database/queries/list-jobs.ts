import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { Query } from '../database.ts';
import {
  activityColumns,
  activityJoins,
  claimColumns,
  claimSources,
  type JobRow,
  jobColumns,
  jobOf,
} from './job-columns.ts';
import { Values } from './job-conditions.ts';
import type { Place, Segment, Stream } from './job-walks.ts';

export type Walk = {
  /** In the order in which they are walked; turned round for walking back. */
  segments: readonly Segment[];
  /** What must hold besides, on alias `j`; no index need know it. */
  conditions: (values: Values) => readonly string[];
  /** Walk on from here: the job at this place is left out. Null: from the beginning. */
  after: Place | null;
  /** Jobs that are left out: they have been read otherwise. */
  except: readonly string[];
  limit: number;
  /** `limit` jobs of each segment, rather than of all together. */
  each?: true;
  /** Rows of each stream that are looked at before giving up; null = all of them. */
  budget: number | null;
};

/**
 * The next jobs of a walk in its order, at most `limit`.
 *
 * Each stream is one index range of which only as many rows are fetched as are wanted, and the streams of a segment are
 * merged: 1,000 jobs and 1,000,000 cost the same. Later segments are not begun while an earlier one has enough. What no
 * index knows is looked for in the next `budget` rows of each stream and no further, so that a rare word costs a bounded
 * time, and `walkEnded` says whether there may be more.
 */
export async function walkJobs(
  query: Query,
  tenant: string,
  walk: Walk,
): Promise<(Job & JobActivity)[]> {
  const values = new Values(tenant);
  const rows = rowsSql(walk, values);
  if (rows === null) return [];
  const found = await query<JobRow>(
    `select ${jobColumns}, ${activityColumns} from (${rows}) j ${activityJoins} order by j.place`,
    values.all,
  );
  return found.map(jobOf);
}

const judged = [
  ...['id', 'asset_id', 'asset_name', 'state', 'execution_strategy', 'created_by', 'priority'],
  ...['total_partitions', 'completed_partitions', 'failed_partitions', 'skipped_partitions'],
  ...['avg_partition_duration_ms', 'heartbeat_at', 'sla_deadline_at', 'created_at', 'completed_at'],
] as const;

/** As much of a job as its risk, its place in the order and a filter go by. */
export type JudgedJob = Pick<
  Job & JobActivity,
  (typeof judged)[number] | 'running_slots' | 'ours' | 'failing'
>;

/** The same for jobs of which most will not be shown: a third of the cost. */
export async function walkJudged(query: Query, tenant: string, walk: Walk): Promise<JudgedJob[]> {
  const values = new Values(tenant);
  const rows = rowsSql(walk, values);
  const columns = judged.map((name) => `j.${name}`).join(', ');
  return rows === null
    ? []
    : query<JudgedJob>(
        `select ${columns}, ${claimColumns} from (${rows}) j order by j.place`,
        values.all,
      );
}

function rowsSql(walk: Walk, values: Values): string | null {
  const segments = remaining(walk).map(({ segment, after }) =>
    segmentSql(segment, after, walk, values),
  );
  if (segments.length === 0) return null;
  const most = walk.each ? walk.limit * segments.length : walk.limit;
  const limit = values.add(most, 'integer');
  return `select *, row_number() over () as place from (${segments.join('\nunion all\n')}) s limit ${limit}`;
}

/** Whether a walk that found fewer jobs than it wanted has looked at all there are, rather than used up its budget. */
export async function walkEnded(query: Query, tenant: string, walk: Walk): Promise<boolean> {
  const { budget } = walk;
  if (budget === null) return true;
  const values = new Values(tenant);
  const beyond = remaining(walk).flatMap(({ segment, after }) =>
    segment.streams
      .filter((stream) => conditionsOn(stream, { ...walk, except: [] }, new Values()).length > 0)
      .map((stream) => {
        const range = rangeSql(stream, segment, after, values);
        const rows = `${range} offset ${values.add(budget, 'bigint')} limit 1`;
        return stream.each === undefined
          ? `exists (select ${rows})`
          : `exists (select from ${eachSql(stream, values)} cross join lateral (select ${rows}) j)`;
      }),
  );
  if (beyond.length === 0) return true;
  const [row] = await query<{ more: boolean }>(`select ${beyond.join(' or ')} as more`, values.all);
  return !row!.more;
}

/** A job's place, or null where it is gone. */
export async function placeOf(query: Query, tenant: string, id: string): Promise<Place | null> {
  const [row] = await query<Place>(
    `select id, state, priority, asset_id, created_at::text, completed_at::text, sla_deadline_at::text
     from backfill_jobs where tenant_id = $1 and id = $2`,
    [tenant, id],
  );
  return row ?? null;
}

/**
 * How many jobs of each state the tenant has, each count capped at `cap`. Absent states have none: the others are found by
 * stepping through the index from one to the next, so that one of a newer program is not lost. Ordered
 * for the index's sake: without, a rare state among a million jobs is looked for by a sequential scan.
 */
export async function countJobs(
  query: Query,
  tenant: string,
  cap: number,
): Promise<Record<string, number>> {
  const rows = await query<{ state: string; count: number }>(
    `with recursive present (state) as (
       (select state from backfill_jobs where tenant_id = $1 order by state limit 1)
       union all
       select (select j.state from backfill_jobs j where j.tenant_id = $1 and j.state > p.state order by j.state limit 1)
       from present p where p.state is not null
     )
     select s.state, (select count(*)::int from (
       select from backfill_jobs where tenant_id = $1 and state = s.state order by created_at desc limit $2) c) as count
     from present s where s.state is not null`,
    [tenant, cap],
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

/** How many jobs are in these states, at most `cap`: of the state's index alone. */
export async function countInStates(
  query: Query,
  tenant: string,
  states: readonly string[],
  cap: number,
): Promise<number> {
  const values = new Values(tenant);
  const limit = values.add(cap, 'integer');
  const each = states.map(
    (state) =>
      `(select from backfill_jobs where tenant_id = $1 and state = ${values.add(state, 'text')} order by created_at desc limit ${limit})`,
  );
  if (each.length === 0) return 0;
  const [row] = await query<{ count: number }>(
    `select count(*)::int as count from (select from (${each.join(' union all ')}) s limit ${limit}) c`,
    values.all,
  );
  return row!.count;
}

/** How many jobs in these states are of these assets, at most `cap`: no more of them are looked at. */
export async function countOfAssets(
  query: Query,
  tenant: string,
  assets: readonly string[],
  states: readonly string[],
  cap: number,
): Promise<number> {
  const [row] = await query<{ count: number }>(
    `select count(*)::int as count from (
       select from unnest($2::uuid[]) a (id) cross join unnest($3::text[]) s (state) cross join lateral (
         select from backfill_jobs where tenant_id = $1 and asset_id = a.id and state = s.state order by created_at desc limit $4) j
       limit $4) c`,
    [tenant, assets, states, cap],
  );
  return row!.count;
}

/** The segments from the place on, the first of them from the middle. */
function remaining({ segments, after }: Walk): { segment: Segment; after: Place | null }[] {
  const streamed = segments.filter(({ streams }) => streams.length > 0);
  if (after === null) return streamed.map((segment) => ({ segment, after: null }));
  const first = streamed.findIndex(({ streams }) => streams.some((stream) => stream.holds(after)));
  return streamed
    .slice(Math.max(0, first))
    .map((segment, index) => ({ segment, after: first >= 0 && index === 0 ? after : null }));
}

const picked = `${jobColumns}, ${claimSources}`;

function segmentSql(segment: Segment, after: Place | null, walk: Walk, values: Values): string {
  const streams = segment.streams.map((stream) => streamSql(stream, segment, after, walk, values));
  return `(select * from (${streams.join('\nunion all\n')}) j ${orderBy(segment)} limit ${values.add(walk.limit, 'integer')})`;
}

function streamSql(
  stream: Stream,
  segment: Segment,
  after: Place | null,
  walk: Walk,
  values: Values,
): string {
  const conditions = conditionsOn(stream, walk, values);
  const limit = `limit ${values.add(walk.limit, 'integer')}`;
  const range = rangeSql(stream, segment, after, values);
  // Numbered only where it is used: a value that stands nowhere has no type.
  const budget = () => (walk.budget === null ? '' : `limit ${values.add(walk.budget, 'bigint')}`);
  const rows =
    conditions.length === 0
      ? `select ${picked} ${range} ${limit}`
      : `select ${picked} from (select ${picked} ${range} ${budget()}) j where ${conditions.join(' and ')} ${limit}`;
  return stream.each === undefined
    ? `(${rows})`
    : `(select j.* from ${eachSql(stream, values)} cross join lateral (${rows}) j ${orderBy(segment)} ${limit})`;
}

function conditionsOn(stream: Stream, walk: Walk, values: Values): string[] {
  const own = stream.condition?.(values.add);
  return [
    ...walk.conditions(values),
    ...(own === undefined ? [] : [own]),
    ...(walk.except.length === 0 ? [] : [`j.id <> all (${values.add(walk.except, 'uuid[]')})`]),
  ];
}

/** One index range in order. */
function rangeSql(stream: Stream, segment: Segment, after: Place | null, values: Values): string {
  const tenant = stream.byKey ? `j.tenant_id || ''` : 'j.tenant_id';
  const conditions = [`${tenant} = $1`, stream.where(values.add)];
  if (after !== null) {
    const names = segment.keys.map((key) => `j.${key}`).join(', ');
    const place = segment.keys.map((key) => values.add(after[key], types[key])).join(', ');
    conditions.push(`(${names}) ${segment.descending ? '<' : '>'} (${place})`);
  }
  return `from backfill_jobs j where ${conditions.join(' and ')} ${orderBy(segment)}`;
}

function eachSql(stream: Stream, values: Values): string {
  return stream.each!(values.add);
}

const types = {
  id: 'uuid',
  priority: 'integer',
  created_at: 'timestamptz',
  completed_at: 'timestamptz',
  sla_deadline_at: 'timestamptz',
} as const;

function orderBy({ keys, descending }: Segment): string {
  return `order by ${keys.map((key) => `j.${key}${descending ? ' desc' : ''}`).join(', ')}`;
}

/** The walk the other way. */
export function turnedRound(segments: readonly Segment[]): Segment[] {
  return segments.toReversed().map((segment) => ({ ...segment, descending: !segment.descending }));
}
