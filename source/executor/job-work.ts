import type { Candidate } from '../database/queries/find-work.ts';
import type { BatchPolicy, BatchReply, Batch } from '../database/queries/report-and-claim.ts';
import { strategyDefaults } from '../domain/job/strategy.ts';
import type { Attempt, Lease, Outcome } from '../domain/partition/attempt.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Ending } from '../observability/meter.ts';
import { type LanePorts, Lanes } from './lanes.ts';
import type { StopReason } from './run-attempt.ts';
import { settle } from './settle.ts';
import { Batcher } from './batcher.ts';
import type { Outages } from './outages.ts';

/** What the work on a job needs of its executor. */
export type WorkPorts = LanePorts & {
  outages: Outages;
  /** After so many permanent failures of one kind in a row the job is paused; null: never. */
  pause_at: number | null;
  /** Asked by a lane at a partition boundary: whether it gives up its slot, to a job of higher rank or to another tenant. */
  yields(job: Candidate): boolean;
  /** Our step was the one that ended it. */
  ended(job: Candidate, how: Ending): void;
  /** The job has room for more lanes again: it need not rest. */
  eased(work: JobRunner): void;
  /** Slots have become free, or the work has ended; `rest_ms`: how long there is nothing to do on the job. */
  changed(work: JobRunner, rest_ms: number | null): void;
};

/** One executor's work on one job: its lanes, and the steps that they share. */
export class JobRunner {
  readonly job: Candidate;
  readonly #ports: WorkPorts;
  readonly #lanes: Lanes;
  readonly #mail: Batcher;
  readonly #policy: BatchPolicy;
  /** As the last step had it. */
  #maxParallel: number | null = null;

  constructor(job: Candidate, handler: Handler, ports: WorkPorts) {
    this.job = job;
    this.#ports = ports;
    const { owner, pools, timings, log, meter } = ports;
    this.#policy = policyOf(handler, ports.pause_at);
    this.#mail = new Batcher(job, {
      owner,
      database: pools.steps,
      timings,
      log,
      meter,
      policy: this.#policy,
      stopping: () => this.stopping,
      mayOpen: () => ports.mayStart(),
      shift: (waiting) => this.#lanes.shift(waiting),
      // A probe that fails gives back what was claimed ahead.
      lookAhead: (lanes, waiting) =>
        ports.outages.away(job) ? 1 : this.#lanes.lookAhead(lanes, waiting),
      answered: (request, reply) => this.#answered(request, reply),
      refused: (message) => {
        ports.outages.met(job, job.id, {
          kind: 'database',
          message: `the database refused a report: ${message}`,
          began: performance.now(),
        });
        this.#lanes.rest();
      },
      looked: () => {
        if (this.idle) ports.changed(this, null);
      },
    });
    this.#lanes = new Lanes(job, handler, {
      ...ports,
      mail: this.#mail,
      policy: this.#policy,
      yields: () => ports.yields(job),
      report: (attempt, outcome, duration_ms) => this.#report(attempt, outcome, duration_ms),
      completed: (duration_ms, { state, max_parallel }) => {
        ports.outages.passed(job, performance.now() - duration_ms);
        this.#count('completed', duration_ms);
        this.#ended(state);
        this.#ease(max_parallel);
      },
      freed: (rest_ms) => ports.changed(this, rest_ms),
    });
  }

  /** Slots in use or asked for. */
  get size(): number {
    return this.#lanes.size + this.#mail.asked;
  }

  /** Slots in use. */
  get busy(): number {
    return this.#lanes.size;
  }

  /** Lanes asked for that the database does not know of yet. */
  get asked(): number {
    return this.#mail.asked;
  }

  /** Slots of those that were not in use when something was last found to be away. */
  get probing(): number {
    return this.size - this.#lanes.resting;
  }

  get idle(): boolean {
    return this.#lanes.size === 0 && this.#mail.empty;
  }

  get stopping(): boolean {
    return this.#lanes.stopping;
  }

  /** Every attempt held, started or not: whose leases are to be renewed. */
  attempts(): Iterable<Attempt> {
    return this.#lanes.attempts();
  }

  /** Whether attempts under this token are this work's, or may be by a message under way. */
  knows(token: string): boolean {
    return this.#lanes.has(token) || this.#mail.knows(token);
  }

  addLanes(count: number): void {
    this.#lanes.resume();
    for (let i = 0; i < count; i++) this.#mail.want({ replaces: null });
    this.#mail.send();
  }

  /** Gives back what has not been started; what runs may end. After a pause or cancel, and on drain. */
  stop(): void {
    this.#lanes.stop();
    this.#mail.send();
  }

  /** Something that it needs is away: nothing more is started before a probe is asked for. */
  #rest(): void {
    this.#lanes.rest();
    this.#mail.send();
  }

  /** Stops the handlers that run. */
  abort(reason: StopReason): void {
    this.stop();
    this.#lanes.abort(reason);
  }

  /** An attempt whose lease is gone: somebody else may run it already. False where that was known, or it is not held. */
  lose(lease: Lease): boolean {
    return this.#lanes.lose(lease);
  }

  /** Stops trying to report: the leases will run out. */
  abandon(): void {
    this.#mail.abandon();
  }

  #report(attempt: Attempt, reported: Outcome, duration_ms: number): void {
    const { timings, outages, log } = this.#ports;
    const { outcome, delay_ms, rests } = settle(reported, {
      attempt,
      timings,
      random: Math.random(),
      met: (kind, message) =>
        outages.met(this.job, attempt.id, {
          kind,
          message,
          began: performance.now() - duration_ms,
        }),
    });
    this.#mail.report({ attempt, outcome, duration_ms, delay_ms });
    if (outcome.kind === 'completed') this.#lanes.observe(duration_ms);
    if (outcome.kind === 'failed' || outcome.kind === 'fatal' || outcome.kind === 'crashed') {
      log.warn(
        {
          job_id: this.job.id,
          asset: this.job.asset_name,
          partition_key: attempt.partition_key,
          attempt: attempt.attempt,
        },
        `partition ${outcome.kind === 'crashed' ? 'lost' : 'failed'}: ${outcome.message}`,
      );
    }
    if (rests) this.#rest();
    else if (outcome.kind !== 'released' && !('interrupted' in outcome && outcome.interrupted))
      outages.passed(this.job, performance.now() - duration_ms);
  }

  #answered(request: Batch, reply: BatchReply | null): void {
    const { log } = this.#ports;
    if (reply === null) {
      log.warn({ job_id: this.job.id }, 'the job is gone: its work is stopped');
      this.abort({ why: 'lost' });
      return;
    }
    this.#lanes.allow(reply.timeout_ms);
    this.#ease(reply.max_parallel);
    for (const [index, { attempt, outcome, duration_ms }] of request.reports.entries()) {
      const accepted = reply.accepted.has(index);
      if (accepted) this.#count(outcome.kind, duration_ms, attempt);
      if (accepted || outcome.kind === 'released' || outcome.kind === 'unavailable') continue;
      this.#ports.meter.attempt('fenced', duration_ms / 1000);
      log.warn(
        { job_id: this.job.id, partition_key: attempt.partition_key, attempt: attempt.attempt },
        `fenced: the lease was lost, "${outcome.kind}" does not count`,
      );
    }
    if (reply.state !== 'running') {
      if (reply.state === 'paused' && !this.stopping)
        log.info({ job_id: this.job.id }, 'the job is paused');
      this.stop();
    }
    // A lane of ours kept the job from ending until this step.
    if (request.closing.length > 0 && reply.accepted.size > 0) this.#ended(reply.state);
    this.#open(request, reply);
  }

  /** After permanent failures a job has one lane until a partition gets past; then at once all of them. */
  #ease(max_parallel: number): void {
    const before = this.#maxParallel;
    this.#maxParallel = max_parallel;
    if (before !== null && max_parallel > before) this.#ports.eased(this);
  }

  /** An outcome that the database has accepted. */
  #count(kind: Outcome['kind'], duration_ms: number, attempt?: Attempt): void {
    const { meter } = this.#ports;
    meter.attempt(kind, duration_ms / 1000);
    if (kind === 'completed') meter.partition('completed');
    else if (kind === 'fatal') meter.partition('failed');
    else if (kind === 'failed' && attempt!.failures + 1 >= this.#maxAttempts)
      meter.partition('failed');
  }

  get #maxAttempts(): number {
    return this.job.max_attempts ?? this.#policy.max_attempts ?? strategyDefaults.max_attempts;
  }

  /** After a step of ours the job is in this state. */
  #ended(state: string): void {
    if (state === 'completed' || state === 'failed') this.#ports.ended(this.job, state);
  }

  #open(request: Batch, reply: BatchReply): void {
    const queues = new Map<string, Attempt[]>();
    for (const attempt of reply.claimed) {
      const queue = queues.get(attempt.token);
      if (queue === undefined) queues.set(attempt.token, [attempt]);
      else queue.push(attempt);
    }
    this.#lanes.open(
      request.opening.flatMap(({ token }) => {
        const queue = queues.get(token);
        return queue === undefined ? [] : [[token, queue] as const];
      }),
    );
    const { changed, timings } = this.#ports;
    if (request.opening.length > queues.size)
      changed(this, reply.state === 'running' ? (reply.due_in_ms ?? timings.poll) : null);
    else if (request.closing.length > request.opening.length) changed(this, null);
  }
}

/** What the settings file says counts for jobs that do not say: also for those of other writers. */
function policyOf({ settings }: Handler, pauseAt: number | null): BatchPolicy {
  return {
    ...(settings?.max_attempts ? { max_attempts: settings.max_attempts } : {}),
    ...(settings?.timeout_ms ? { timeout_ms: settings.timeout_ms } : {}),
    ...(pauseAt === null ? {} : { pause_at: pauseAt }),
  };
}
