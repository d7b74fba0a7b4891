import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { ServoError } from '../errors.ts';
import type { DemoExecutor } from './executor.ts';
import type { DemoOptions, DemoResult } from './options.ts';
import { allEnded, type JobProgress, readProgress, readReport } from './progress.ts';
import { progressLine } from './report-text.ts';
import { startDue } from './start-due.ts';

/** Signals that end a run without a terminal, and the exit codes that shells give them. */
const exitsOnSignal = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Without a terminal: says how far the backfills are, starts those that come after others, and reports in the end.
 * @throws ServoError internal where the executor ends by itself
 */
export async function runToEnd(
  database: Database,
  executor: DemoExecutor,
  { actor, say }: DemoOptions,
): Promise<DemoResult> {
  const interrupted = new AbortController();
  const listeners = Object.entries(exitsOnSignal).map(([name, exit]) => {
    const listener = () => interrupted.abort(exit);
    process.once(name, listener);
    return () => process.removeListener(name, listener);
  });
  try {
    const said = new Map<string, string>();
    let saidAt = 0;
    for (;;) {
      const jobs = await readProgress(database);
      const over = allEnded(jobs);
      if (over || performance.now() - saidAt >= 1_000) {
        saidAt = performance.now();
        for (const line of news(jobs, said)) say(line);
      }
      if (over) break;
      if (interrupted.signal.aborted) return { exit: interrupted.signal.reason, report: null };
      const failed = executor.failed();
      if (failed !== null)
        throw new ServoError('internal', `the demonstration's executor ended: ${failed}`);
      await startDue(database, actor, jobs);
      await sleep(100, undefined, { signal: interrupted.signal }).catch(() => {});
    }
    const report = await readReport(database);
    return { exit: report.ok ? 0 : 1, report };
  } finally {
    for (const remove of listeners) remove();
  }
}

/** The lines of the backfills that have moved since they were last told. */
function news(jobs: readonly JobProgress[], said: Map<string, string>): string[] {
  return jobs.flatMap((job) => {
    const line = progressLine(job);
    if (said.get(job.asset_name) === line) return [];
    said.set(job.asset_name, line);
    return line;
  });
}
