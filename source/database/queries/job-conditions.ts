import {
  type Condition,
  type DeadlineOf,
  type JobFilter,
  stateMatches,
  textMatches,
} from '../../domain/job/filter.ts';
import { isWholeId, rangeOf, shortestPrefix } from '../../domain/job/reference.ts';
import { jobStates } from '../../domain/job/state.ts';
import type { RiskLevel } from '../../domain/risk/risk.ts';
import { type ClaimScene, servedAssets } from '../../domain/triage/claim-scene.ts';
import type { JobThresholds } from '../../domain/triage/thresholds.ts';
import { partitionsLeft, secondsBetween } from './sql-time.ts';

export class Values {
  readonly all: unknown[];

  constructor(...first: unknown[]) {
    this.all = first;
  }

  /** Adds a value; returns its placeholder. */
  readonly add: Value = (of, type) => {
    this.all.push(of);
    return `$${this.all.length}::${type}`;
  };
}

export type Value = (of: unknown, type: string) => string;

/** What a filter's names mean in this database, read before the jobs. */
export type Resolved = {
  as_of: Date;
  states: readonly string[];
  /** The tenant's assets; null if there are too many. */
  assets: readonly { id: string; name: string }[] | null;
  deadlineOf: DeadlineOf;
  thresholds: JobThresholds;
  scene: ClaimScene;
};

type Sql = { text: string; exact: boolean };

/** How an index finds the jobs of a filter, other than state by state. */
export type Access = {
  asset_ids?: readonly string[];
  ids?: { from: string; to: string };
  /** Unfinished jobs with a deadline: all, or those that may have an ETA. */
  deadlines?: 'unfinished' | 'estimable';
};

const maxAssets = 200;

export function statesOf(filter: JobFilter, resolved: Omit<Resolved, 'scene'>): string[] {
  return resolved.states.filter((state) =>
    filter.terms.every(({ negated, any }) => {
      const matching = any.map((one) => stateOnly(one, resolved));
      return matching.includes(null) || matching.some((matches) => matches!(state)) !== negated;
    }),
  );
}

/** Null unless it is about states only. A word that is no asset's name and no id is. */
function stateOnly(
  condition: Condition,
  resolved: Omit<Resolved, 'scene'>,
): ((state: string) => boolean) | null {
  if (condition.kind === 'state') return (state) => stateMatches(condition.beginning, state);
  if (condition.kind !== 'word') return null;
  const { text } = condition;
  const others = assetIds({ kind: 'asset', pattern: text }, resolved)?.length !== 0;
  return others || isHex(text.replaceAll('-', '')) ? null : (state) => state.startsWith(text);
}

/** The rest of the filter once the states are chosen: SQL on the table or alias `j`. */
export function conditionsOf(filter: JobFilter, resolved: Resolved, values: Values): string[] {
  return filter.terms.flatMap(({ negated, any }) => {
    if (any.every((one) => one.kind === 'state')) return [];
    const before = values.all.length;
    const parts = any.map((one) => sqlOf(one, resolved, values));
    const usable = parts.every((part) => part !== null && (part.exact || !negated));
    if (!usable) {
      // An unused parameter has no type.
      values.all.length = before;
      return [];
    }
    const text = parts.map((part) => part!.text).join(' or ');
    return [negated ? `not (${text})` : `(${text})`];
  });
}

/** The most selective index for the filter, or null: then it is searched state by state. */
export function accessOf(filter: JobFilter, resolved: Resolved): Access | null {
  const ways = filter.terms.flatMap(({ negated, any }) => {
    const [one, ...others] = any;
    const way = negated || one === undefined || others.length > 0 ? null : accessBy(one, resolved);
    return way === null ? [] : [way];
  });
  return ways.find(({ ids }) => ids !== undefined) ?? ways[0] ?? null;
}

function accessBy(condition: Condition, resolved: Resolved): Access | null {
  switch (condition.kind) {
    case 'asset_id':
    case 'asset': {
      const asset_ids = assetIds(condition, resolved);
      return asset_ids === null || asset_ids.length > maxAssets ? null : { asset_ids };
    }
    case 'id': {
      const digits = condition.beginning.replaceAll('-', '');
      return selective(digits) ? { ids: rangeOf(digits) } : null;
    }
    case 'word': {
      const asset_ids = assetIds({ kind: 'asset', pattern: condition.text }, resolved);
      const digits = condition.text.replaceAll('-', '');
      const state = resolved.states.some((name) => name.startsWith(condition.text));
      if (asset_ids === null || asset_ids.length > maxAssets || state) return null;
      if (!isHex(digits)) return { asset_ids };
      return selective(digits) ? { asset_ids, ids: rangeOf(digits) } : null;
    }
    case 'risk':
      if (!condition.levels.every((level) => unfinishedLevels.includes(level))) return null;
      return { deadlines: condition.levels.includes('unknown') ? 'unfinished' : 'estimable' };
    default:
      return null;
  }
}

const known = jobStates.map((state) => `'${state}'`).join(', ');

/** Ended jobs have none of these levels: they met their deadline or not. */
const unfinishedLevels: readonly RiskLevel[] = ['low', 'medium', 'high', 'unknown'];

function sqlOf(condition: Condition, resolved: Resolved, values: Values): Sql | null {
  switch (condition.kind) {
    case 'state':
      return exactly(
        `j.state = any (${values.add(
          resolved.states.filter((state) => stateMatches(condition.beginning, state)),
          'text[]',
        )})`,
      );
    case 'asset':
    case 'asset_id': {
      const ids = assetIds(condition, resolved);
      return ids && exactly(`j.asset_id = any (${values.add(ids, 'uuid[]')})`);
    }
    case 'id':
      return inRange(condition.beginning, values);
    case 'by':
      // `lower` of non-ASCII letters may differ from JavaScript's: they match anything.
      return {
        text: `lower(coalesce(j.created_by, '')) like ${values.add(likePattern(condition.pattern), 'text')}`,
        exact: false,
      };
    case 'priority':
      return exactly(
        `j.priority ${condition.comparison} ${values.add(Math.max(-1e9, Math.min(1e9, condition.value)), 'integer')}`,
      );
    case 'no_deadline':
      return exactly('j.sla_deadline_at is null');
    case 'deadline_later_than': {
      const deadline = resolved.deadlineOf(condition.job);
      return deadline == null
        ? exactly('false')
        : exactly(`coalesce(j.sla_deadline_at > ${values.add(deadline, 'timestamptz')}, false)`);
    }
    case 'risk':
      // The level of an unfinished job needs its figures (domain/risk/risk.ts).
      return condition.levels.includes('none')
        ? null
        : { text: riskSql(condition.levels, resolved, values), exact: false };
    case 'problem':
      return {
        text: `(${failedLatelyAt(resolved, values.add)} or j.state not in ('completed', 'failed', 'cancelled') and (${troubledAt(resolved, values.add)}
            or j.sla_deadline_at is not null and (${lateAt(resolved, values.add)} or ${withoutSlot} or j.state not in (${known}))
            or j.state = 'resuming' or j.state = 'running' and ${staleAt(resolved, values.add)}))`,
        exact: false,
      };
    case 'word': {
      const parts = [
        sqlOf({ kind: 'asset', pattern: condition.text }, resolved, values),
        sqlOf({ kind: 'state', beginning: condition.text }, resolved, values),
        inRange(condition.text, values),
      ];
      if (parts.some((part) => part === null)) return null;
      const exact = parts.every((part) => part!.exact);
      return { text: `(${parts.map((part) => part!.text).join(' or ')})`, exact };
    }
  }
}

type Clocked = Pick<Resolved, 'as_of' | 'thresholds' | 'scene'>;

/** Unfinished jobs without an ETA or with a late one; else jobs with a deadline. */
function riskSql(levels: readonly RiskLevel[], clocked: Clocked, values: Values): string {
  if (!levels.every((level) => unfinishedLevels.includes(level)))
    return `j.sla_deadline_at is not null and j.state <> 'cancelled'`;
  const parts = [
    ...(levels.includes('unknown')
      ? [
          `j.avg_partition_duration_ms is null or j.state not in (${known}) or ${withoutSlot} or ${troubledAt(clocked, values.add)}
            or j.state = 'running' and ${staleAt(clocked, values.add)}`,
        ]
      : []),
    ...(levels.some((level) => level !== 'unknown')
      ? [foretoldLateAt(clocked, values.add), lateOnOneSlot(clocked, values.add)]
      : []),
  ];
  return `j.sla_deadline_at is not null and (${parts.join(' or ')})`;
}

/**
 * The ETA may be after the deadline: by the stored forecast, or assuming one slot; a job without an
 * average may be. Exact: domain/job/job.ts.
 */
export function lateAt(clocked: Clocked, value: Value): string {
  return `(${foretoldLateAt(clocked, value)} or coalesce(${lateOnOneSlot(clocked, value)}, true))`;
}

function foretoldLateAt({ thresholds }: Clocked, value: Value): string {
  return `exists (select from backfill_forecasts f where f.job_id = j.id and f.tenant_id = j.tenant_id
    and f.finish_at > j.sla_deadline_at - ${value(thresholds.early_warning, 'bigint')} * interval '1 millisecond')`;
}

function lateOnOneSlot({ as_of, thresholds }: Clocked, value: Value): string {
  return `j.avg_partition_duration_ms::float8 * ${partitionsLeft('j')} + ${value(thresholds.early_warning, 'bigint')}
    >= ${secondsBetween(value(as_of, 'timestamptz'), 'j.sla_deadline_at')} * 1000`;
}

/** No lease: whether it waits for a slot depends on the other jobs. */
export const withoutSlot = `(j.lease_tokens = '{}' and j.state in ('pending', 'running', 'resuming'))`;

/**
 * Problems of an unfinished job other than deadline and heartbeat: failed partitions, silent
 * executors, or none for its asset. Exact: domain/job/health.ts.
 */
export function troubledAt({ scene }: Pick<Clocked, 'scene'>, value: Value): string {
  const silent = Object.keys(scene.silent);
  const parts = [
    'j.failed_partitions > 0',
    `${withoutSlot} and j.asset_name <> all (${value(servedAssets(scene), 'text[]')})`,
    ...(silent.length === 0 ? [] : [`j.id = any (${value(silent, 'uuid[]')})`]),
  ];
  return `(${parts.join(' or ')})`;
}

/** Failed recently, or at an unknown time. */
function failedLatelyAt({ as_of, thresholds }: Clocked, value: Value): string {
  const from = new Date(as_of.getTime() - thresholds.failed_recently);
  return `(j.state = 'failed' and coalesce(j.completed_at >= ${value(from, 'timestamptz')}, true))`;
}

/** The same as an index range. */
export function endedLately({ as_of, thresholds }: Clocked, value: Value): string {
  return `j.completed_at >= ${value(new Date(as_of.getTime() - thresholds.failed_recently), 'timestamptz')}`;
}

/** The heartbeat is, or is about to be, stale. Exact: domain/job/job.ts. */
export function staleAt({ as_of, thresholds }: Clocked, value: Value): string {
  const almost = Math.max(0, thresholds.heartbeat_stale - 5_000);
  const at = value(new Date(as_of.getTime() - almost), 'timestamptz');
  return `(j.heartbeat_at is null or j.heartbeat_at < ${at})`;
}

function assetIds(
  condition: Extract<Condition, { kind: 'asset' | 'asset_id' }>,
  { assets }: Pick<Resolved, 'assets'>,
): readonly string[] | null {
  if (condition.kind === 'asset_id') return condition.ids;
  return (
    assets?.flatMap(({ id, name }) => (textMatches(condition.pattern, name) ? [id] : [])) ?? null
  );
}

function inRange(beginning: string, values: Values): Sql {
  const digits = beginning.replaceAll('-', '');
  if (!isHex(digits)) return exactly('false');
  const { from, to } = rangeOf(digits);
  // An id with dashes in unusual places is checked again.
  const exact = digits === beginning || isWholeId(beginning);
  return { text: `j.id between ${values.add(from, 'uuid')} and ${values.add(to, 'uuid')}`, exact };
}

function likePattern(pattern: string): string {
  const parts = pattern.split('*').map((part) => part.replace(/[\\%_]/g, '\\$&'));
  const text = parts.join('%').replace(/[^\x20-\x7e]+/g, '%');
  return pattern.includes('*') ? text : `%${text}%`;
}

function isHex(digits: string): boolean {
  return /^[0-9a-f]{1,32}$/.test(digits);
}

/** Long enough that few ids begin with it. */
function selective(digits: string): boolean {
  return isHex(digits) && digits.length >= shortestPrefix;
}

function exactly(text: string): Sql {
  return { text, exact: true };
}
