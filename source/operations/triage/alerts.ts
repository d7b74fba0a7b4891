import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { countExecutors } from '../../database/queries/read-executors.ts';
import { checkNamed, findRows } from '../../database/queries/triage/checks.ts';
import {
  type Alert,
  type AlertName,
  type AlertReport,
  alertNames,
  alertTable,
} from '../../domain/triage/alerts.ts';
import type { CheckColumn, FoundRow } from '../../domain/triage/checks.ts';
import { type Thresholds, thresholdDefaults } from '../../domain/triage/thresholds.ts';
import { maxRows } from './checks.ts';

const maxJobs = 20;

/** The runbooks' alerts, firing or not, by the statements and thresholds of triage. */
export function listAlerts(
  db: Database,
  tenant: string,
  thresholds: Thresholds = thresholdDefaults,
): Promise<AlertReport> {
  return db.read(tenant, async (query) => {
    const as_of = await readClock(query);
    const alerts: Alert[] = [];
    for (const name of alertNames) {
      const { check: checkName, adjust } = alertTable[name];
      const check = checkNamed(checkName);
      const context = {
        tenant,
        thresholds: adjust?.(thresholds) ?? thresholds,
        job: null,
        limit: maxRows + 1,
      };
      const rows = await findRows(query, check.sql(context), check.columns);
      const column = check.columns.find((one) => one.name === check.figure)!;
      alerts.push(alertOf(name, rows, column, thresholds, as_of));
    }
    return { as_of, tenant_id: tenant, alerts, executors: await countExecutors(query, tenant) };
  });
}

function alertOf(
  name: AlertName,
  all: readonly FoundRow[],
  column: CheckColumn,
  thresholds: Thresholds,
  asOf: Date,
): Alert {
  const row = alertTable[name];
  const rows = all.slice(0, maxRows);
  const figureOf = ({ cells }: FoundRow) => {
    const cell = cells[column.name];
    return cell === null || cell === undefined ? null : Number(cell);
  };
  // A missing heartbeat is worse than any old one.
  const weight = (one: FoundRow) => figureOf(one) ?? Number.POSITIVE_INFINITY;
  const worstFirst = [...rows].sort((a, b) => weight(b) - weight(a));
  const threshold = row.threshold(thresholds);
  const figures =
    row.figure === undefined ? [rows.length] : rows.flatMap((one) => figureOf(one) ?? []);
  const since = rows.length === 0 ? null : row.since(rows, thresholds);
  const lasting = row.lasting?.(thresholds) ?? 0;
  const truncated = all.length > rows.length;
  const lasts = since === null || asOf.getTime() - since.getTime() >= lasting;
  return {
    name,
    severity: row.severity,
    description: row.description,
    section: row.section,
    check: row.check,
    firing: rows.length > 0 && lasts,
    threshold,
    lasting_seconds: lasting / 1000,
    figure:
      rows.length === 0 || figures.length === 0
        ? null
        : {
            value: Math.max(...figures),
            kind: threshold.kind,
            at_least: truncated && row.figure === undefined,
          },
    column,
    since,
    found: rows.length,
    truncated,
    jobs: worstFirst.slice(0, maxJobs).map((one) => ({
      job_id: one.job_id,
      asset_name: one.asset_name,
      state: one.state,
      since: one.since,
      value: figureOf(one),
    })),
  };
}
