import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../source/package.ts';

export const rulesFile = join(packageRoot, 'deploy', 'servo-alerts.yaml');
export const dashboardFile = join(packageRoot, 'deploy', 'servo-backfill-operations.json');

export type Rule = {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: Record<string, string>;
};

export const rules: Rule[] = parse(readFileSync(rulesFile, 'utf8')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);

export function ruleNamed(name: string): Rule {
  const rule = rules.find(({ alert }) => alert === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  return rule;
}

export type Panel = { type: string; title: string; targets?: { expr: string }[] };

const { panels, title }: { panels: Panel[]; title: string } = JSON.parse(
  readFileSync(dashboardFile, 'utf8'),
);
export const dashboard = { panels, title };

/** Every query of the dashboard, as Grafana sends it. */
export const queries: { panel: string; expr: string }[] = panels.flatMap(
  ({ title: panel, targets = [] }) =>
    targets.map(({ expr }) => ({ panel, expr: expr.replaceAll('$__rate_interval', '1m') })),
);

/** The PromQL examples of the operations runbook, as printed. */
export const runbookQueries = {
  running: 'servo_backfill_jobs_active{state="running"}',
  stuck: `servo_backfill_jobs_active{state="running"}
  unless on() rate(servo_backfill_partition_completion_total[5m]) > 0`,
  p95: 'histogram_quantile(0.95, rate(servo_backfill_partition_duration_seconds_bucket[10m]))',
  failureRate: `rate(servo_backfill_partition_completion_total{status="failed"}[5m])
  / rate(servo_backfill_partition_completion_total[5m])`,
  longEta: 'histogram_quantile(0.5, servo_backfill_eta_distribution_seconds_bucket) > 3600',
};
