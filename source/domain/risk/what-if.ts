import { isNoChange, noChange, type WhatIf } from '../forecast/what-if.ts';
import type { JobView } from '../job/job.ts';
import { isTerminal } from '../job/state.ts';
import { readStrategy } from '../job/strategy.ts';

/** The changes that have not come true, of jobs that still exist. */
export function remainingWhatIf(what: WhatIf, jobs: readonly JobView[]): WhatIf {
  if (isNoChange(what)) return what;
  const present = new Map(jobs.map((job) => [job.id, job]));
  const holds = (id: string, matches: (job: JobView) => boolean) => {
    const job = present.get(id);
    return job !== undefined && !isTerminal(job.state) && matches(job);
  };
  const kept = <T>(
    record: Readonly<Record<string, T>>,
    differs: (job: JobView, to: T) => boolean,
  ) =>
    Object.fromEntries(
      Object.entries(record).filter(([id, to]) => holds(id, (job) => differs(job, to))),
    );
  const left: WhatIf = {
    ...what,
    pause: what.pause.filter((id) => holds(id, ({ state }) => state === 'running')),
    resume: what.resume.filter((id) => holds(id, ({ state }) => state === 'paused')),
    retry_failed: what.retry_failed.filter((id) =>
      holds(id, ({ failed_partitions }) => failed_partitions > 0),
    ),
    parallel: kept(
      what.parallel,
      (job, to) => readStrategy(job.execution_strategy).max_parallel !== to,
    ),
    priority: kept(what.priority, (job, to) => job.priority !== to),
    deadline: kept(what.deadline, (job, to) => job.sla_deadline_at?.getTime() !== to?.getTime()),
  };
  return isNoChange(left) ? noChange : left;
}
