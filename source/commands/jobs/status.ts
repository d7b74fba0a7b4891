import { type HostSession, onSession } from '../../app/command.ts';
import { intervalOf } from '../../cli/interval.ts';
import { anyNumber, onTenant } from '../../cli/spec.ts';
import type { JobView } from '../../domain/job/job.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { exitCodes } from '../../errors.ts';
import type { Idleness } from './job-text.ts';

export const status = onSession({
  spec: {
    name: 'status',
    usage: 'JOB [--watch] | JOB… --watch',
    summary: 'one job: progress, ETA, risk, failed partitions, journal',
    flags: [
      {
        name: 'watch',
        help: 'a line for each change, until the jobs have ended; exit 9 unless all of them are completed',
      },
    ],
    examples: [
      ['status 3f2a', 'by the first characters of its id'],
      ['status 3f2a --watch && ./publish', 'wait for its end; only if it has completed'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 1, most: anyNumber },
  },
  json: () => import('./status-json.ts'),
  read(input, flags, problems) {
    const watch = flags.has('watch');
    const hint = 'servo-tui status JOB, or servo-tui status JOB… --watch';
    for (const word of watch ? [] : input.slice(1)) {
      problems.push({ message: `status does not take "${word}" without --watch`, hint });
    }
    return { references: input, watch, interval: intervalOf(flags.text('interval')) };
  },
  async run({ references, watch, interval }, session) {
    if (watch) return untilEnded(session, references, interval);
    const { reader, tenant, thresholds, view } = session;
    const [{ getJobDetail }, { explainJob }, { listOnHold }, { resolveJob }, { explainReason }] =
      await Promise.all([
        import('../../operations/jobs/get-job.ts'),
        import('../../operations/triage/explain-job.ts'),
        import('../../operations/triage/list-executors.ts'),
        import('../../operations/jobs/resolve-job.ts'),
        import('../../presentation/triage/explain-reason.ts'),
      ]);
    const id = await resolveJob(reader, tenant, references[0]!);
    const detail = await getJobDetail(reader, tenant, id, { buckets: 0, thresholds });
    const { map: _, changed: __, insight: ___, ...told } = detail;
    const { clause, facts } = await explainJob(reader, tenant, id);
    const { since, by, reason } = facts;
    const idle: Idleness = { clause, ...explainReason(clause, facts), since, by, reason };
    const onHold = await listOnHold(reader, tenant);
    return {
      json: { ...told, explanation: idle, on_hold: onHold },
      text: async () => (await import('./job-text.ts')).jobText(detail, { idle, onHold }, view),
    };
  },
});

/** One output for every change until all jobs have ended; exit 9 unless all are completed. */
async function* untilEnded(
  { reader, tenant, thresholds, view }: HostSession,
  references: readonly string[],
  interval: number,
) {
  const [{ poll }, { getJob }, { resolveJobs }, { watchLine }] = await Promise.all([
    import('../../app/poll.ts'),
    import('../../operations/jobs/get-job.ts'),
    import('../../operations/jobs/resolve-job.ts'),
    import('./job-text.ts'),
  ]);
  const jobs = await resolveJobs(reader, tenant, references);
  const next = async () => {
    const seen = await Promise.all(jobs.map(({ id }) => getJob(reader, tenant, id, thresholds)));
    return { seen, ended: seen.every(({ job }) => isTerminal(job.state)) };
  };
  const named = jobs.length > 1;
  const before = new Map<string, string>();
  for await (const { seen, ended } of poll(next, interval)) {
    const exit = ended && !seen.every(({ job }) => isCompleted(job)) ? exitCodes.not_completed : 0;
    for (const one of seen) {
      const line = watchLine(one.job, one.as_of, { ...view, named });
      // Without the clock, so that an unchanged job prints nothing.
      const now = line.slice(line.indexOf('  '));
      if (now !== before.get(one.job.id)) yield { json: one, text: () => line, exit };
      before.set(one.job.id, now);
    }
  }
}

function isCompleted({ state }: JobView): boolean {
  return state === 'completed';
}
