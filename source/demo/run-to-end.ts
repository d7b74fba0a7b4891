import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { ServoError } from '../errors.ts';
import type { DemoExecutor } from './executor.ts';
import type { DemoOptions, DemoResult } from './options.ts';
import { allEnded, type JobProgress, readProgress, readReport } from './progress.ts';
import { progressLine } from './report-text.ts';
import { startDue } from './start-due.ts';

/** Exit codes of signals, as shells have them. */
const exitsOnSignal = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Without a terminal: prints progress, starts backfills that are due, and reports at the end.
 * @throws ServoError internal if the executor ends unexpectedly
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
    const printed = new Map<string, string>();
    let printedAt = 0;
    for (;;) {
      const jobs = await readProgress(database);
      const ended = allEnded(jobs);
      if (ended || performance.now() - printedAt >= 1_000) {
        printedAt = performance.now();
        for (const line of changedLines(jobs, printed)) say(line);
      }
      if (ended) break;
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

function changedLines(jobs: readonly JobProgress[], printed: Map<string, string>): string[] {
  return jobs.flatMap((job) => {
    const line = progressLine(job);
    if (printed.get(job.asset_name) === line) return [];
    printed.set(job.asset_name, line);
    return line;
  });
}
