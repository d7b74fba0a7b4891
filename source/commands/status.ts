import { isTerminal } from '../domain/job/state.ts';
import type { Clause, ExplainFacts } from '../domain/triage/explain.ts';
import type { Explanation } from '../domain/triage/explanation.ts';
import { exitCodes, UsageError } from '../errors.ts';
import { getJob, getJobDetail } from '../operations/jobs/get-job.ts';
import { resolveJob, resolveJobs } from '../operations/jobs/resolve-job.ts';
import { explainJob } from '../operations/triage/explain-job.ts';
import { listHeld } from '../operations/triage/list-executors.ts';
import { type ExplainReason, explainReason } from '../presentation/triage/explain-reason.ts';
import type { Invocation, Output } from './command.ts';
import { poll } from './follow.ts';
import { readInterval } from './interval.ts';
import type { TextOptions } from './job-text.ts';
import { openSession, type Session, withSession } from './session.ts';

/** `servo-tui status JOB`, `servo-tui status JOB… --watch`. */
export async function status(invocation: Invocation): Promise<Output | AsyncIterable<Output>> {
  const { input, flags, settings, io } = invocation;
  const options: TextOptions = {
    width: io.stdout.columns ?? 120,
    zone: flags.has('utc') ? 'utc' : 'local',
    ascii: flags.has('ascii'),
  };
  if (flags.has('watch')) {
    const interval = readInterval(flags.text('interval'));
    return watch(await openSession(settings), input, interval, options);
  }
  const [, ...more] = input;
  if (more.length > 0) {
    const hint = 'servo-tui status JOB, or servo-tui status JOB… --watch';
    throw new UsageError(
      more.map((word) => ({ message: `status does not take "${word}" without --watch`, hint })),
    );
  }
  return withSession(settings, async ({ reader, tenant, thresholds }) => {
    const id = await resolveJob(reader, tenant, input[0]!);
    const detail = await getJobDetail(reader, tenant, id, { buckets: 0, thresholds });
    const { map: _, changed: __, insight: ___, ...told } = detail;
    const idle = idleness(await explainJob(reader, tenant, id));
    const held = await listHeld(reader, tenant);
    return {
      json: { ...told, explanation: idle, held },
      text: async () => (await import('./job-text.ts')).jobText(detail, { idle, held }, options),
    };
  });
}

/** Why the job does not run, if it does not; since when it is as it is, by whom, and why. */
export type Idleness = ExplainReason &
  Pick<ExplainFacts, 'since' | 'by' | 'reason'> & { clause: Clause };

function idleness({ clause, facts }: Explanation): Idleness {
  const { since, by, reason } = facts;
  return { clause, ...explainReason(clause, facts), since, by, reason };
}

/** One output for every change, until all the jobs have ended; exit 9 unless all of them are completed. */
async function* watch(
  { reader, tenant, thresholds, close }: Session,
  references: readonly string[],
  interval: number,
  options: TextOptions,
): AsyncGenerator<Output> {
  try {
    const jobs = await resolveJobs(reader, tenant, references);
    const look = async () => {
      const seen = await Promise.all(jobs.map(({ id }) => getJob(reader, tenant, id, thresholds)));
      return { seen, ended: seen.every(({ job }) => isTerminal(job.state)) };
    };
    const before = new Map<string, string>();
    for await (const { seen, ended } of poll(look, interval)) {
      const { watchLine } = await import('./job-text.ts');
      const completed = seen.every(({ job }) => job.state === 'completed');
      const exit = ended && !completed ? exitCodes.not_completed : 0;
      for (const one of seen) {
        const line = watchLine(one.job, one.as_of, { ...options, named: jobs.length > 1 });
        // Without its clock: an unchanged job says nothing new.
        const now = line.slice(line.indexOf('  '));
        if (now !== before.get(one.job.id)) yield { json: one, text: () => line, exit };
        before.set(one.job.id, now);
      }
    }
  } finally {
    await close();
  }
}
