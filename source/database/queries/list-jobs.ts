import type { Job, JobActivity } from '../../domain/job/job.ts';
import type { Query } from '../database.ts';
import {
  activityColumns,
  activityJoins,
  claimColumns,
  claimSources,
  type ForecastRow,
  forecastColumns,
  forecastJoin,
  forecastOf,
  type JobRow,
  jobColumns,
  jobOf,
} from './job-columns.ts';
import { Values } from './job-conditions.ts';
import type { Position, Segment, Stream } from './job-scans.ts';

export type Scan = {
  segments: readonly Segment[];
  /** Further conditions on alias `j`; no index needs to cover them. */
  conditions: (values: Values) => readonly string[];
  /** Continue after this position. Null: from the beginning. */
  after: Position | null;
  except: readonly string[];
  limit: number;
  /** `limit` applies to each segment instead of to all together. */
  each?: true;
  /** Rows of each stream to search; null = all. */
  budget: number | null;
};

/**
 * The next jobs of a scan, at most `limit`.
 *
 * Each stream is one index range, of which only the wanted number of rows is read, and the streams
 * of a segment are merged: 1,000 jobs and 1,000,000 cost the same. Later segments are read only if
 * earlier ones have too few. Conditions that no index covers are searched in the next `budget` rows
 * of each stream, which bounds the cost of a rare word; `scanEnded` says whether more may follow.
 */
export async function scanJobs(
  query: Query,
  tenant: string,
  scan: Scan,
): Promise<(Job & JobActivity)[]> {
  const values = new Values(tenant);
  const rows = rowsSql(scan, values);
  if (rows === null) return [];
  const found = await query<JobRow>(
    `select ${jobColumns}, ${activityColumns} from (${rows}) j ${activityJoins} order by j.position`,
    values.all,
  );
  return found.map(jobOf);
}

const summaryColumns = [
  ...['id', 'asset_id', 'asset_name', 'state', 'execution_strategy', 'created_by', 'priority'],
  ...['total_partitions', 'completed_partitions', 'failed_partitions', 'skipped_partitions'],
  ...['avg_partition_duration_ms', 'heartbeat_at', 'sla_deadline_at', 'created_at', 'completed_at'],
] as const;

export type JobSummary = Pick<
  Job & JobActivity,
  (typeof summaryColumns)[number] | 'running_slots' | 'ours' | 'failing' | 'forecast'
>;

/** Like `scanJobs` at a third of the cost, for jobs of which most are not shown. */
export async function scanSummaries(
  query: Query,
  tenant: string,
  scan: Scan,
): Promise<JobSummary[]> {
  const values = new Values(tenant);
  const rows = rowsSql(scan, values);
  const columns = summaryColumns.map((name) => `j.${name}`).join(', ');
  if (rows === null) return [];
  const found = await query<Omit<JobSummary, 'forecast'> & ForecastRow>(
    `select ${columns}, ${claimColumns}, ${forecastColumns} from (${rows}) j ${forecastJoin} order by j.position`,
    values.all,
  );
  return found.map((row) => {
    const { job, forecast } = forecastOf(row);
    return { ...job, forecast };
  });
}

function rowsSql(scan: Scan, values: Values): string | null {
  const segments = remaining(scan).map(({ segment, after }) =>
    segmentSql(segment, after, scan, values),
  );
  if (segments.length === 0) return null;
  const most = scan.each ? scan.limit * segments.length : scan.limit;
  const limit = values.add(most, 'integer');
  return `select *, row_number() over () as position from (${segments.join('\nunion all\n')}) s limit ${limit}`;
}

/** Whether a scan that found too few jobs has read all rows, instead of using up its budget. */
export async function scanEnded(query: Query, tenant: string, scan: Scan): Promise<boolean> {
  const { budget } = scan;
  if (budget === null) return true;
  const values = new Values(tenant);
  const beyond = remaining(scan).flatMap(({ segment, after }) =>
    segment.streams
      .filter((stream) => conditionsOn(stream, { ...scan, except: [] }, new Values()).length > 0)
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

export async function positionOf(
  query: Query,
  tenant: string,
  id: string,
): Promise<Position | null> {
  const [row] = await query<Position>(
    `select id, state, priority, asset_id, created_at::text, completed_at::text, sla_deadline_at::text
     from backfill_jobs where tenant_id = $1 and id = $2`,
    [tenant, id],
  );
  return row ?? null;
}

/**
 * The number of jobs per state, each at most `cap`. States are found by stepping through the index,
 * so that those of a newer program are counted too. Ordered, because otherwise a rare state among a
 * million jobs is searched by a sequential scan.
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

/** Jobs in these states, at most `cap`, from the state's index alone. */
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

/** Jobs of these assets in these states, at most `cap`. */
export async function countForAssets(
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

/** The segments from the position on; the first one starts there. */
function remaining({ segments, after }: Scan): { segment: Segment; after: Position | null }[] {
  const streamed = segments.filter(({ streams }) => streams.length > 0);
  if (after === null) return streamed.map((segment) => ({ segment, after: null }));
  const first = streamed.findIndex(({ streams }) => streams.some((stream) => stream.holds(after)));
  return streamed
    .slice(Math.max(0, first))
    .map((segment, index) => ({ segment, after: first >= 0 && index === 0 ? after : null }));
}

const picked = `${jobColumns}, ${claimSources}`;

function segmentSql(segment: Segment, after: Position | null, scan: Scan, values: Values): string {
  const streams = segment.streams.map((stream) => streamSql(stream, segment, after, scan, values));
  return `(select * from (${streams.join('\nunion all\n')}) j ${orderBy(segment)} limit ${values.add(scan.limit, 'integer')})`;
}

function streamSql(
  stream: Stream,
  segment: Segment,
  after: Position | null,
  scan: Scan,
  values: Values,
): string {
  const conditions = conditionsOn(stream, scan, values);
  const limit = `limit ${values.add(scan.limit, 'integer')}`;
  const range = rangeSql(stream, segment, after, values);
  // Added only if used: an unused parameter has no type.
  const budget = () => (scan.budget === null ? '' : `limit ${values.add(scan.budget, 'bigint')}`);
  const rows =
    conditions.length === 0
      ? `select ${picked} ${range} ${limit}`
      : `select ${picked} from (select ${picked} ${range} ${budget()}) j where ${conditions.join(' and ')} ${limit}`;
  return stream.each === undefined
    ? `(${rows})`
    : `(select j.* from ${eachSql(stream, values)} cross join lateral (${rows}) j ${orderBy(segment)} ${limit})`;
}

function conditionsOn(stream: Stream, scan: Scan, values: Values): string[] {
  const own = stream.condition?.(values.add);
  return [
    ...scan.conditions(values),
    ...(own === undefined ? [] : [own]),
    ...(scan.except.length === 0 ? [] : [`j.id <> all (${values.add(scan.except, 'uuid[]')})`]),
  ];
}

function rangeSql(
  stream: Stream,
  segment: Segment,
  after: Position | null,
  values: Values,
): string {
  const tenant = stream.byKey ? `j.tenant_id || ''` : 'j.tenant_id';
  const conditions = [`${tenant} = $1`, stream.where(values.add)];
  if (after !== null) {
    const names = segment.keys.map((key) => `j.${key}`).join(', ');
    const position = segment.keys.map((key) => values.add(after[key], types[key])).join(', ');
    conditions.push(`(${names}) ${segment.descending ? '<' : '>'} (${position})`);
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

export function reversed(segments: readonly Segment[]): Segment[] {
  return segments.toReversed().map((segment) => ({ ...segment, descending: !segment.descending }));
}
