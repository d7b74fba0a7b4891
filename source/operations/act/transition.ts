import type { Author, Database, Query } from '../../database/database.ts';
import { countAliveExecutors } from '../../database/queries/alive-executors.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { lastTransition } from '../../database/queries/read-events.ts';
import { readJob } from '../../database/queries/read-job.ts';
import { setJobState } from '../../database/queries/set-job-state.ts';
import type { JobEvent } from '../../domain/job/detail.ts';
import type { Job, JobActivity } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { type Action, actionTargets, isTerminal, refusalOf } from '../../domain/job/state.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { UsageError } from '../../errors.ts';
import { isUnchanged, type JobSeen, jobChanged } from './compare.ts';
import { applied, jobNotFound, noExecutorHint, type Outcome, refused } from './order.ts';

/** Another writer may change the job's state in between. */
const attempts = 3;

type Transition = { action: Action; id: string; seen?: JobSeen };

/**
 * Compare-and-set, journalled in the same transaction. The result is `skipped`, with who changed
 * the state, if that does not allow it, and `failed` for an unknown job. @throws UsageError for a
 * cancel without a reason
 */
export async function transition(
  db: Database,
  author: Author,
  order: Transition,
): Promise<Outcome> {
  const { action, id, seen } = order;
  const reason = author.reason?.trim() || null;
  if (action === 'cancel' && reason === null) {
    throw new UsageError([{ message: 'cancel requires a reason', hint: '--reason "why"' }]);
  }
  return db.write({ ...author, reason }, async (query) => {
    for (let attempt = 1; ; attempt++) {
      const job = await readJob(query, author.tenant, id);
      if (job === null) return jobNotFound(id);
      const refusal = await refuse(query, action, job, seen);
      if (refusal !== null) return refusal;
      const done = await setJobState(query, author.tenant, action, job, reason);
      if (done !== null) return { ...applied(id, done), ...(await describe(query, action, job)) };
      if (attempt === attempts) return changedOutcome(action, job);
    }
  });
}

type Found = Job & JobActivity;

function changedOutcome(action: Action, job: Job): Outcome {
  const { message, hint = null } = jobChanged(action, job);
  return { ...applied(job.id, job), result: 'skipped', message, hint };
}

async function refuse(
  query: Query,
  action: Action,
  job: Found,
  seen: JobSeen | undefined,
): Promise<Outcome | null> {
  const refusal = refusalOf(action, job.state);
  if (refusal === null) return isUnchanged(job, seen) ? null : changedOutcome(action, job);
  const now = await readClock(query);
  const event = await lastTransition(query, job.tenant_id, job.id, job.state);
  const already = job.state === actionTargets[action] || isTerminal(job.state);
  const reason = already ? `already ${history(job, event, now)}` : refusal;
  return refused(action, job, reason, alternative(action, job));
}

/** `paused 12m ago by mara: "db maintenance"`, from the journal if it has the event. */
function history(job: Found, event: JobEvent | null, now: Date): string {
  const at = event?.at ?? (job.state === 'paused' ? job.paused_at : job.completed_at);
  const ago = at === null ? '' : ` ${roughDuration(now.getTime() - at.getTime())} ago`;
  const who = event === null ? '' : ` by ${event.actor}`;
  const reason = event?.reason ? `: "${event.reason}"` : '';
  return `${job.state.replace('_', ' ')}${ago}${who}${reason}`;
}

function alternative(action: Action, job: Found): string {
  const ref = shortId(job.id);
  const cancel = `cancel it: servo-tui cancel ${ref} --reason "why"`;
  const wait = `waiting for an executor: servo-tui status ${ref} --watch`;
  const steps: Readonly<Record<string, string>> = {
    failed: `retry its failed partitions: servo-tui retry ${ref}`,
    cancelled: `run its skipped partitions: servo-tui recreate ${ref} --reason "why"`,
    completed: `start a new job: servo-tui start ${job.asset_name} …`,
    paused: `resume it: servo-tui resume ${ref}`,
    running:
      action === 'resume'
        ? `watch it: servo-tui status ${ref} --watch`
        : `pause it: servo-tui pause ${ref}`,
    pending: action === 'resume' ? wait : cancel,
    waiting_upstream: cancel,
    resuming: action === 'resume' ? wait : cancel,
  };
  return steps[job.state] ?? `see: servo-tui status ${ref}`;
}

async function describe(
  query: Query,
  action: Action,
  job: Found,
): Promise<Pick<Outcome, 'message' | 'hint'>> {
  const name = `${job.asset_name} ${shortId(job.id)}`;
  const progress = `${job.completed_partitions}/${job.total_partitions} done`;
  const finishing = job.running_slots === 0 ? '' : `, ${job.running_slots} running will finish`;
  if (action === 'pause')
    return { message: `paused ${name} (${progress}${finishing})`, hint: null };
  if (action === 'cancel') {
    const stop = `to stop running attempts: servo-tui reclaim ${shortId(job.id)} --reason "why"`;
    return {
      message: `cancelled ${name} (${progress}${finishing})`,
      hint: job.running_slots === 0 ? null : stop,
    };
  }
  const alive = await countAliveExecutors(query, job.tenant_id);
  return {
    message: `resuming ${name} (${progress})`,
    hint: alive > 0 ? null : noExecutorHint,
  };
}
