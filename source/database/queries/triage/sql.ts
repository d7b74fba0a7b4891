import pg from 'pg';
import { policy } from '../../../domain/policy.ts';
import type { CheckContext, CheckDefinition, Remedy } from '../../../domain/triage/checks.ts';
import type { Thresholds } from '../../../domain/triage/thresholds.ts';
import { secondsBetween } from '../sql-time.ts';

/**
 * A check and its statement: text with quoted values in place, so that what is shown is what runs,
 * and can be pasted into psql. Based on the runbook's statement if it has one, with the tenant,
 * state and version for actions, the beginning of the problem, and a limit.
 */
export type Check = Omit<CheckDefinition, 'title' | 'remedies'> & {
  title: string | ((thresholds: Thresholds) => string);
  remedies: readonly Remedy[] | ((context: CheckContext) => readonly Remedy[]);
  sql(context: CheckContext): string;
  evidence?: {
    columns: CheckDefinition['columns'];
    sql(context: CheckContext & { job: string }): string;
  };
};

export function definitionOf(check: Check, context: CheckContext): CheckDefinition {
  const { name, section, meaning, severity, columns, figure } = check;
  const title = typeof check.title === 'string' ? check.title : check.title(context.thresholds);
  const remedies = typeof check.remedies === 'function' ? check.remedies(context) : check.remedies;
  return { name, title, section, meaning, severity, columns, figure, remedies };
}

export function literal(value: string): string {
  return pg.escapeLiteral(value).trimStart();
}

export function interval(milliseconds: number): string {
  const units = [
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
    [1, 'millisecond'],
  ] as const;
  const [size, unit] = units.find(
    ([size]) => milliseconds % size === 0 && milliseconds >= size,
  ) ?? [1, 'millisecond'];
  const count = milliseconds / size;
  return `INTERVAL '${count} ${unit}${count === 1 ? '' : 's'}'`;
}

/** `tenant_id = 'acme'`, and the id if one job is checked. `alias`: of backfill_jobs. */
export function scope({ tenant, job }: CheckContext, alias = ''): string {
  const dot = alias === '' ? '' : `${alias}.`;
  const one = job === null ? '' : `\n  AND ${dot}id = ${literal(job)}`;
  return `${dot}tenant_id = ${literal(tenant)}${one}`;
}

export function alive(tenant: string, alias: string): string {
  return `${alias}.tenant_id = ${literal(tenant)} AND ${alias}.stopped_at IS NULL AND ${alias}.lost_at IS NULL
      AND ${alias}.seen_at > NOW() - INTERVAL '${policy.alive_ms / 1000} seconds'`;
}

export function secondsSince(at: string): string {
  return secondsBetween(at, 'NOW()');
}

/** Milliseconds as an interval of 0 to 10 years: a bigint may exceed an interval. */
export function boundedInterval(milliseconds: string): string {
  return `LEAST(GREATEST(${milliseconds}, 0), 315360000000) * INTERVAL '1 millisecond'`;
}
