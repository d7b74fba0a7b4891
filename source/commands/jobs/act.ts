import type { HostSession } from '../../app/command.ts';
import { requireYes } from '../../app/confirm.ts';
import { asciiText } from '../../cli/ascii.ts';
import { ask } from '../../cli/io.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import type { NamedJob } from '../../database/queries/read-job.ts';
import { isWholeId, shortId } from '../../domain/job/reference.ts';
import type { Action } from '../../domain/job/state.ts';
import { exitCodes, messageOf, ServoError, UsageError } from '../../errors.ts';
import { actOnJob } from '../../operations/act/act-on-job.ts';
import type { Outcome } from '../../operations/act/order.ts';
import { resolveJobs } from '../../operations/jobs/resolve-job.ts';
import { outcomeLine } from '../../presentation/job/outcome-line.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { foresee, foreseenText } from './foresee.ts';
import type { Order } from './job-flags.ts';

type Verb = Action | 'reclaim';

/**
 * One job: an error (exit 4) if it is not possible. Several: a result for each, and exit 7 unless
 * all were applied. A dry run changes nothing.
 */
export async function act(action: Verb, order: Order, session: HostSession) {
  const jobs = await resolveJobs(session.writer, session.tenant, order.references);
  if (order.dry_run) {
    const ids = jobs.map(({ id }) => id);
    return foresee(action, ids, session);
  }
  const reason = order.reason ?? (action === 'cancel' ? await askReason(session) : null);
  await confirmAction(action, jobs, order, session);
  const on = (job: NamedJob) => actOn(action, order.stop, job, reason, session);
  const results: Outcome[] = [];
  if (jobs.length === 1) {
    const outcome = await on(jobs[0]!);
    if (outcome.result !== 'applied') throw refusalOf(outcome);
    results.push(outcome);
  } else {
    for (const job of jobs) results.push(await on(job).catch((error) => failed(job, error)));
  }
  // The changes are reported even if the database has become unreachable.
  const as_of = await session.reader.read(session.tenant, readClock).catch(() => null);
  return {
    json: { as_of, tenant_id: session.tenant, results },
    text: () => results.map(outcomeLine).join(''),
    exit: results.every((one) => one.result === 'applied') ? 0 : exitCodes.partial,
  };
}

async function actOn(
  action: Verb,
  stop: boolean,
  job: NamedJob,
  reason: string | null,
  { writer, tenant, actor }: HostSession,
): Promise<Outcome> {
  const author = { tenant, actor, reason };
  const outcome = await actOnJob(writer, author, { action, id: job.id });
  const cancelled = action === 'cancel' && outcome.result === 'applied';
  if (!cancelled || !stop) return outcome;
  return stopRunning(outcome, () => actOnJob(writer, author, { action: 'reclaim', id: job.id }));
}

/** Never fails: the job is cancelled all the same. */
async function stopRunning(cancelled: Outcome, reclaim: () => Promise<Outcome>): Promise<Outcome> {
  const told = (message: string, hint: string | null = null) => ({
    ...cancelled,
    message: `${cancelled.message}; ${message}`,
    hint,
  });
  try {
    const stopped = await reclaim();
    if (stopped.result !== 'applied') return told('no attempt was running');
    return { ...told(stopped.message), version: stopped.version };
  } catch (error) {
    const again = `servo-tui reclaim ${shortId(cancelled.id)}`;
    const message = `running attempts were not stopped (${messageOf(error)})`;
    return told(message, `try again with: ${again}`);
  }
}

function refusalOf({ result, message, hint }: Outcome): ServoError {
  const code = result === 'failed' ? 'not_found' : 'not_allowed';
  return new ServoError(code, message, { hint: hint ?? undefined });
}

/** One of several: the others are done, and reported, all the same. */
function failed({ id, state }: NamedJob, error: unknown): Outcome {
  const hint = (error instanceof ServoError && error.hint) || null;
  return { id, result: 'failed', state, version: null, message: messageOf(error), hint };
}

/** A cancel requires a reason: at a terminal it is prompted for. */
async function askReason({ io, json }: HostSession): Promise<string> {
  const answer = io.interactive && !json ? await ask(io, 'Reason: ') : '';
  if (answer !== '') return answer;
  throw new UsageError([{ message: 'cancel: missing --reason', hint: '--reason "why"' }]);
}

/** Several jobs, and at a terminal a cancel by prefix, are confirmed. */
async function confirmAction(
  action: Verb,
  jobs: readonly NamedJob[],
  { references }: Order,
  session: HostSession,
): Promise<void> {
  const several = jobs.length > 1;
  const guessed = action === 'cancel' && !references.every(isWholeId);
  if (!several && !(guessed && session.io.interactive && !session.json)) return;
  const what = several ? `these ${jobs.length} jobs` : 'this job';
  await requireYes(session, `${action} ${jobs.length} jobs`, {
    question: async () => {
      const names = jobs.map(
        (job) => `  ${safeText(job.asset_name)} ${shortId(job.id)} (${job.state})\n`,
      );
      const asked = jobs.map(({ id }) => ({ id, action }));
      const foreseen = await foreseenText(session.reader, session.tenant, asked);
      session.io.stderr.write(await asciiText(session.view, `${names.join('')}${foreseen}`));
      return `${action} ${what}?`;
    },
  });
}
