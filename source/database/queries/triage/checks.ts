import {
  type Cell,
  type CheckColumn,
  type CheckContext,
  type CheckDefinition,
  type CheckName,
  checkNames,
  type FoundRow,
  figureKinds,
} from '../../../domain/triage/checks.ts';
import type { Query } from '../../database.ts';
import { checkpoint } from './checkpoint.ts';
import { atRisk, breached } from './deadlines.ts';
import { eta, etaMissing } from './eta.ts';
import { failedPartitions, failureRate } from './failures.ts';
import { wontResume } from './paused.ts';
import { longRunning, noProgress } from './progress.ts';
import { bulkCancel, resuming } from './resuming.ts';
import { type Check, literal } from './sql.ts';
import { bulkReclaim, stuck } from './stuck.ts';
import { noExecutor, queueDepth, unclaimed, waitingUpstream } from './waiting.ts';

const byName: Readonly<Record<CheckName, Check>> = {
  stuck,
  'no-progress': noProgress,
  resuming,
  unclaimed,
  'no-executor': noExecutor,
  'failure-rate': failureRate,
  'failed-partitions': failedPartitions,
  checkpoint,
  eta,
  'eta-missing': etaMissing,
  'wont-resume': wontResume,
  breached,
  'at-risk': atRisk,
  'waiting-upstream': waitingUpstream,
  'long-running': longRunning,
  'queue-depth': queueDepth,
  'bulk-reclaim': bulkReclaim,
  'bulk-cancel': bulkCancel,
};

export const checks: readonly Check[] = checkNames.map((name) => byName[name]);

export function checkNamed(name: CheckName): Check {
  return byName[name];
}

type Row = Record<string, unknown>;

export async function findRows(
  query: Query,
  sql: string,
  columns: CheckDefinition['columns'],
): Promise<FoundRow[]> {
  const rows = await query<Row>(sql);
  return rows.map((row) => ({
    job_id: (row.id as string | undefined) ?? null,
    asset_name: (row.asset_name as string | undefined) ?? '',
    state: (row.state as string | undefined) ?? null,
    version: (row.version as number | undefined) ?? null,
    since: (row.since as Date | undefined) ?? null,
    cells: Object.fromEntries(columns.map(({ name, kind }) => [name, cellOf(kind, row[name])])),
  }));
}

/** JSON has no infinity: 300,000 years in milliseconds stand for one. */
const most = 1e16;

/** Figures as numbers: `numeric` arrives as text. NaN, between two infinities, is unknown. */
function cellOf(kind: CheckColumn['kind'], value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (!figureKinds.includes(kind)) return value as Cell;
  const figure = Number(value);
  return Number.isNaN(figure) ? null : Math.max(-most, Math.min(most, figure));
}

export function withTenant(sql: string, { tenant }: Pick<CheckContext, 'tenant'>): string {
  return `SET app.current_tenant = ${literal(tenant)};\n${sql};\n`;
}
