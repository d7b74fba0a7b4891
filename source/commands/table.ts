import type { Command } from '../app/command.ts';
import type { Table } from '../cli/spec.ts';
import { advise } from './diagnose/advise.ts';
import { alerts } from './diagnose/alerts.ts';
import { doctor } from './diagnose/doctor.ts';
import { events } from './diagnose/events.ts';
import { executors } from './diagnose/executors.ts';
import { explain } from './diagnose/explain.ts';
import { logs } from './diagnose/logs.ts';
import { risk } from './diagnose/risk.ts';
import { triage } from './diagnose/triage.ts';
import { apply } from './jobs/apply.ts';
import { cancel } from './jobs/cancel.ts';
import { list } from './jobs/list.ts';
import { pause } from './jobs/pause.ts';
import { plan } from './jobs/plan.ts';
import { reclaim } from './jobs/reclaim.ts';
import { recreate } from './jobs/recreate.ts';
import { resume } from './jobs/resume.ts';
import { retry } from './jobs/retry.ts';
import { set } from './jobs/set.ts';
import { start } from './jobs/start.ts';
import { status } from './jobs/status.ts';
import { exportReport } from './reports/export.ts';
import { handoff } from './reports/handoff.ts';
import { review } from './reports/review.ts';
import { assets } from './system/assets.ts';
import { completion } from './system/completion.ts';
import { consoleCommand } from './system/console.ts';
import { demo } from './system/demo.ts';
import { embedded } from './system/embedded.ts';
import { env } from './system/env.ts';
import { exporter } from './system/exporter.ts';
import { limits } from './system/limits.ts';
import { migrate } from './system/migrate.ts';
import { prune } from './system/prune.ts';
import { schema } from './system/schema.ts';
import { workerCommand } from './system/worker.ts';

export const table: Table<Command> = {
  console: consoleCommand,
  worker: workerCommand,
  named: [
    ...[demo, list, status, start],
    ...[pause, resume, cancel, reclaim, retry, recreate, set, plan, apply],
    ...[explain, triage, alerts, executors, events, logs, limits, assets, doctor],
    ...[risk, advise, review, exportReport, handoff],
    ...[exporter, prune, completion, migrate, env, embedded, schema],
  ],
};
