import type { Author, Database, Query } from '../../database/database.ts';
import { livingExecutors } from '../../database/queries/living-executors.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { lastTransition } from '../../database/queries/read-events.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { setJobState } from '../../database/queries/set-job-state.ts';
import type { ActionResult, JobEvent } from '../../domain/job/detail.ts';
import type { Job, JobActivity } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type Action, actionTargets, isTerminal, refusalOf } from '../../domain/job/state.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { UsageError } from '../../errors.ts';

/** An action on a job; with `state` and `version` only if they are still what the operator saw. */
export type Order = { action: Action; id: string; state?: string; version?: number };

/** A result with what to do next, where there is something. */
export type Outcome = ActionResult & { hint: string | null };

/** Whoever else changes the job's state at this moment does it once or twice, not for ever. */
const attempts = 3;

/**
 * Pauses, resumes or cancels a job: compare-and-set, journalled with actor and reason in the same
 * transaction. A job in a state that does not allow it is `skipped`, with who brought it there; an unknown one
 * `failed`.
 * @throws UsageError for a cancel without a reason
 */
export async function actOnJob(db: Database, author: Author, order: Order): Promise<Outcome> {
  const reason = author.reason?.trim() || null;
  if (order.action === 'cancel' && reason === null) {
    throw new UsageError([{ message: 'cancel wants a reason', hint: '--reason "why"' }]);
  }
  return db.write({ ...author, reason }, async (query) => {
    for (let attempt = 1; ; attempt++) {
      const job = await readJob(query, author.tenant, order.id);
      if (job === null) return unknown(order);
      const refusal = await refuse(query, order, job);
      if (refusal !== null) return refusal;
      const done = await setJobState(query, author.tenant, order.action, job, reason);
      if (done !== null) {
        const { message, hint } = await applied(query, order, job);
        return { id: job.id, result: 'applied', ...done, message, hint };
      }
      if (attempt === attempts) return changed(order, job);
    }
  });
}

export function pauseJob(db: Database, author: Author, id: string): Promise<Outcome> {
  return actOnJob(db, author, { action: 'pause', id });
}

export function resumeJob(db: Database, author: Author, id: string): Promise<Outcome> {
  return actOnJob(db, author, { action: 'resume', id });
}

export function cancelJob(db: Database, author: Author, id: string): Promise<Outcome> {
  return actOnJob(db, author, { action: 'cancel', id });
}

type Seen = Job & JobActivity;

function unknown({ id }: Order): Outcome {
  const message = `there is no job ${shortId(id)}`;
  return { id, result: 'failed', state: null, version: null, message, hint: 'see: servo-tui list' };
}

function changed({ action }: Order, job: Seen): Outcome {
  const { id, state, version } = job;
  const message = `cannot ${action} ${shortId(id)} (it changed meanwhile: it is ${state} now, version ${version})`;
  return { id, result: 'skipped', state, version, message, hint: 'look again, and decide again' };
}

async function refuse(query: Query, order: Order, job: Seen): Promise<Outcome | null> {
  const { action } = order;
  const refusal = refusalOf(action, job.state);
  if (refusal === null) {
    const same =
      (order.version ?? job.version) === job.version && (order.state ?? job.state) === job.state;
    return same ? null : changed(order, job);
  }
  const now = await readClock(query);
  const event = await lastTransition(query, job.tenant_id, job.id, job.state);
  const already = job.state === actionTargets[action] || isTerminal(job.state);
  const because = already ? `already ${story(job, event, now)}` : refusal;
  const { id, state, version } = job;
  const message = `cannot ${action} ${shortId(id)} (${because})`;
  return { id, result: 'skipped', state, version, message, hint: nextStep(action, job) };
}

/** `paused 12m ago by mara: "db maintenance"`, as far as the journal knows. */
function story(job: Seen, event: JobEvent | null, now: Date): string {
  const at = event?.at ?? (job.state === 'paused' ? job.paused_at : job.completed_at);
  const ago = at === null ? '' : ` ${roughDuration(now.getTime() - at.getTime())} ago`;
  const who = event === null ? '' : ` by ${event.actor}`;
  const why = event?.reason ? `: "${event.reason}"` : '';
  return `${job.state.replace('_', ' ')}${ago}${who}${why}`;
}

/** What may be done instead, by the state that the job is in. */
function nextStep(action: Action, job: Seen): string {
  const ref = shortId(job.id);
  const cancel = `cancel it with: servo-tui cancel ${ref} --reason "why"`;
  const wait = `it waits for an executor: servo-tui status ${ref} --watch`;
  const steps: Readonly<Record<string, string>> = {
    failed: `try what failed again with: servo-tui retry ${ref}`,
    cancelled: `run what it skipped with: servo-tui recreate ${ref} --reason "why"`,
    completed: `start it anew with: servo-tui start ${job.asset_name} …`,
    paused: `resume it with: servo-tui resume ${ref}`,
    running:
      action === 'resume'
        ? `watch it with: servo-tui status ${ref} --watch`
        : `pause it with: servo-tui pause ${ref}`,
    pending: action === 'resume' ? wait : cancel,
    waiting_upstream: cancel,
    resuming: action === 'resume' ? wait : cancel,
  };
  return steps[job.state] ?? `look at it with: servo-tui status ${ref}`;
}

/** What has been done, and what happens now. */
async function applied(
  query: Query,
  { action }: Order,
  job: Seen,
): Promise<{ message: string; hint: string | null }> {
  const name = `${job.asset_name} ${shortId(job.id)}`;
  const progress = `${job.completed_partitions}/${job.total_partitions} done`;
  const atWork =
    job.lanes === 0
      ? ''
      : `, ${job.lanes} ${job.lanes === 1 ? 'slot' : 'slots'} at work will finish`;
  if (action === 'pause') return { message: `paused ${name} (${progress}${atWork})`, hint: null };
  if (action === 'cancel') {
    const hint =
      job.lanes === 0
        ? null
        : `to stop what still runs: servo-tui reclaim ${shortId(job.id)} --reason "why"`;
    return { message: `cancelled ${name} (${progress}${atWork})`, hint };
  }
  const alive = await livingExecutors(query, job.tenant_id);
  return {
    message: `resuming ${name} (${progress})`,
    hint: alive > 0 ? null : 'no executor of this tenant lives: start one with servo-tui --worker',
  };
}
