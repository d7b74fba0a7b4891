import type { Author } from '../database/database.ts';
import { readClock } from '../database/queries/read-clock.ts';
import type { NamedJob } from '../database/queries/read-job.ts';
import { isWholeId, shortId } from '../domain/job/reference.ts';
import type { Action } from '../domain/job/state.ts';
import { exitCodes, messageOf, ServoError, UsageError } from '../errors.ts';
import { actOnJob } from '../operations/act/act-on-job.ts';
import type { Outcome } from '../operations/act/order.ts';
import { resolveJobs } from '../operations/jobs/resolve-job.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Invocation, Output, Run } from './command.ts';
import { ask, confirm } from './io.ts';
import { type Session, withSession } from './session.ts';

type Verb = Action | 'reclaim';

export const pause: Run = (invocation) => act('pause', invocation);
export const resume: Run = (invocation) => act('resume', invocation);
export const cancel: Run = (invocation) => act('cancel', invocation);
export const reclaim: Run = (invocation) => act('reclaim', invocation);

/**
 * One job: an error (exit 4) where it cannot be done. Several: a result for each, and exit 7 unless all
 * are applied.
 */
function act(action: Verb, invocation: Invocation): Promise<Output> {
  return withSession(invocation.settings, async (session) => {
    const jobs = await resolveJobs(session.writer, session.tenant, invocation.input);
    const reason = await reasonFor(action, invocation);
    await agree(action, jobs, invocation);
    const order = { action, stop: invocation.flags.has('stop-running') };
    if (jobs.length === 1) {
      const outcome = await actOn(session, order, jobs[0]!, reason);
      if (outcome.result !== 'applied') throw refusalOf(outcome);
      return output(session, [outcome]);
    }
    const results: Outcome[] = [];
    for (const job of jobs) {
      results.push(await actOn(session, order, job, reason).catch((error) => failed(job, error)));
    }
    return output(session, results);
  });
}

async function output(session: Session, results: Outcome[]): Promise<Output> {
  // What is done is done, also where the database has gone away since.
  const as_of = await session.reader.read(session.tenant, readClock).catch(() => null);
  return {
    json: { as_of, tenant_id: session.tenant, results },
    text: () => results.map(outcomeLine).join(''),
    exit: results.every((one) => one.result === 'applied') ? 0 : exitCodes.partial,
  };
}

async function actOn(
  session: Session,
  { action, stop }: { action: Verb; stop: boolean },
  job: NamedJob,
  reason: string | null,
): Promise<Outcome> {
  const author = { tenant: session.tenant, actor: session.actor, reason };
  const outcome = await actOnJob(session.writer, author, { action, id: job.id });
  const cancelled = action === 'cancel' && outcome.result === 'applied';
  return cancelled && stop ? stopRunning(session, author, outcome) : outcome;
}

/** The job is cancelled, whatever becomes of this. */
async function stopRunning(session: Session, author: Author, cancelled: Outcome): Promise<Outcome> {
  const told = (message: string, hint: string | null = null) => ({
    ...cancelled,
    message: `${cancelled.message}; ${message}`,
    hint,
  });
  try {
    const stopped = await actOnJob(session.writer, author, {
      action: 'reclaim',
      id: cancelled.id,
    });
    if (stopped.result !== 'applied') return told('no attempt was running');
    return { ...told(stopped.message), version: stopped.version };
  } catch (error) {
    const again = `servo-tui reclaim ${shortId(cancelled.id)}`;
    return told(`what runs was not stopped (${messageOf(error)})`, `try again with: ${again}`);
  }
}

function refusalOf({ result, message, hint }: Outcome): ServoError {
  const code = result === 'failed' ? 'not_found' : 'not_allowed';
  return new ServoError(code, message, { hint: hint ?? undefined });
}

/** One of several: the others are done, and told, all the same. */
function failed({ id, state }: NamedJob, error: unknown): Outcome {
  const hint = (error instanceof ServoError && error.hint) || null;
  return { id, result: 'failed', state, version: null, message: messageOf(error), hint };
}

/** Given, or asked for where somebody sits at the terminal. A cancel must have one. */
async function reasonFor(action: Verb, { flags, io }: Invocation): Promise<string | null> {
  const given = flags.text('reason')?.trim() || null;
  if (given !== null || action !== 'cancel') return given;
  const asked = io.terminal && !flags.has('json') ? await ask(io, 'Reason: ') : '';
  if (asked !== '') return asked;
  throw new UsageError([{ message: 'cancel requires a reason', hint: '--reason "why"' }]);
}

/** Several jobs, and a cancel by prefix, want a yes: from the terminal, or as `--yes`. */
async function agree(
  action: Verb,
  jobs: readonly NamedJob[],
  { input, flags, io }: Invocation,
): Promise<void> {
  const several = jobs.length > 1;
  const guessed = action === 'cancel' && !input.every(isWholeId) && io.terminal;
  if (flags.has('yes') || !(several || guessed)) return;
  const names = jobs.map((job) => `${safeText(job.asset_name)} ${shortId(job.id)} (${job.state})`);
  if (io.terminal && !flags.has('json')) {
    io.stderr.write(names.map((name) => `  ${name}\n`).join(''));
    const what = several ? `these ${jobs.length} jobs` : 'this job';
    if (await confirm(io, `${action} ${what}?`)) return;
    throw new ServoError('interrupted', 'nothing has been done');
  }
  if (!several) return;
  throw new UsageError([
    { message: `${action} of ${jobs.length} jobs wants a yes`, hint: '--yes' },
  ]);
}

export function outcomeLine({ message, hint }: Outcome): string {
  return `${safeText(hint === null ? message : `${message} — ${hint}`)}\n`;
}
