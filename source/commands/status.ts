import type { Clause, ExplainFacts } from '../domain/explain.ts';
import { isTerminal } from '../domain/job-state.ts';
import type { Explanation } from '../domain/judged.ts';
import { explainJob } from '../operations/explain-job.ts';
import { getJob, getJobDetail } from '../operations/get-job.ts';
import { listHeld } from '../operations/list-executors.ts';
import { resolveJob } from '../operations/resolve-job.ts';
import { type ExplainWords, explainWords } from '../presentation/explain-words.ts';
import type { Invocation, Output } from './command.ts';
import { poll } from './follow.ts';
import { readInterval } from './interval.ts';
import type { TextOptions } from './job-text.ts';
import { openSession, type Session, withSession } from './session.ts';

/** `servo-tui status JOB [--watch]`. */
export async function status(invocation: Invocation): Promise<Output | AsyncIterable<Output>> {
  const { input, flags, settings, io } = invocation;
  const options: TextOptions = {
    width: io.stdout.columns ?? 120,
    zone: flags.has('utc') ? 'utc' : 'local',
    ascii: flags.has('ascii'),
  };
  if (flags.has('watch')) {
    const interval = readInterval(flags.text('interval'));
    return watch(await openSession(settings), input[0]!, interval, options);
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
export type Idleness = ExplainWords &
  Pick<ExplainFacts, 'since' | 'by' | 'reason'> & { clause: Clause };

function idleness({ clause, facts }: Explanation): Idleness {
  const { since, by, reason } = facts;
  return { clause, ...explainWords(clause, facts), since, by, reason };
}

/** One output for every change, until the job has ended. */
async function* watch(
  { reader, tenant, thresholds, close }: Session,
  reference: string,
  interval: number,
  options: TextOptions,
): AsyncGenerator<Output> {
  try {
    const id = await resolveJob(reader, tenant, reference);
    const look = async () => {
      const seen = await getJob(reader, tenant, id, thresholds);
      return { ...seen, ended: isTerminal(seen.job.state) };
    };
    let before = '';
    for await (const { as_of, tenant_id, job } of poll(look, interval)) {
      const { watchLine } = await import('./job-text.ts');
      const line = watchLine(job, as_of, options);
      // Without its clock: an unchanged job says nothing new.
      const now = line.slice(line.indexOf('  '));
      if (now !== before) yield { json: { as_of, tenant_id, job }, text: () => line };
      before = now;
    }
  } finally {
    await close();
  }
}
