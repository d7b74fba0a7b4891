import type { Candidate } from '../database/queries/find-work.ts';
import type { StepReply, StepRequest } from '../database/queries/step-job.ts';
import { type Attempt, backOffMs, type Outcome } from '../domain/attempt.ts';
import type { Handler } from '../handlers/handler.ts';
import type { Ending } from '../observability/meter.ts';
import { type LanePorts, Lanes } from './lanes.ts';
import type { StopReason } from './run-attempt.ts';
import { StepMail } from './step-mail.ts';

/** What the work on a job needs of its executor. */
export type WorkPorts = LanePorts & {
  /** Asked by a lane at a partition boundary: whether it gives up its slot, to a job of higher rank or to another tenant. */
  yields(job: Candidate): boolean;
  /** Our step was the one that ended it. */
  ended(job: Candidate, how: Ending): void;
  /** Slots have become free, or the work has ended; `rest_ms`: how long there is nothing to do on the job. */
  changed(work: JobWork, rest_ms: number | null): void;
};

/** One executor's work on one job: its lanes, and the steps that they share. */
export class JobWork {
  readonly job: Candidate;
  readonly #ports: WorkPorts;
  readonly #lanes: Lanes;
  readonly #mail: StepMail;

  constructor(job: Candidate, handler: Handler, ports: WorkPorts) {
    this.job = job;
    this.#ports = ports;
    const { owner, pools, timings, log, meter } = ports;
    this.#mail = new StepMail(job, {
      owner,
      database: pools.steps,
      timings,
      log,
      meter,
      stopping: () => this.stopping,
      mayOpen: () => ports.mayStart(),
      shift: (waiting) => this.#lanes.shift(waiting),
      lookAhead: (lanes, waiting) => this.#lanes.lookAhead(lanes, waiting),
      answered: (request, reply) => this.#answered(request, reply),
      looked: () => {
        if (this.idle) ports.changed(this, null);
      },
    });
    this.#lanes = new Lanes(job, handler, {
      ...ports,
      mail: this.#mail,
      yields: () => ports.yields(job),
      report: (attempt, outcome, duration_ms) => this.#report(attempt, outcome, duration_ms),
      completed: (duration_ms, state) => {
        this.#count('completed', duration_ms);
        this.#ended(state);
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

  /** Stops the handlers that run. */
  abort(reason: StopReason): void {
    this.stop();
    this.#lanes.abort(reason);
  }

  /** An attempt whose lease is gone: somebody else may run it already. */
  lose(attempt: Attempt): void {
    this.#lanes.lose(attempt);
  }

  /** Stops trying to report: the leases will run out. */
  abandon(): void {
    this.#mail.abandon();
  }

  #report(attempt: Attempt, outcome: Outcome, duration_ms: number): void {
    const { timings, log } = this.#ports;
    const delay_ms =
      outcome.kind === 'later'
        ? outcome.delay_ms
        : outcome.kind === 'failed'
          ? backOffMs(attempt.failures, timings.back_off, Math.random())
          : 0;
    this.#mail.report({ attempt, outcome, duration_ms, delay_ms });
    if (outcome.kind === 'completed') this.#lanes.observe(duration_ms);
    if (outcome.kind === 'failed' || outcome.kind === 'fatal') {
      log.warn(
        {
          job_id: this.job.id,
          asset: this.job.asset_name,
          partition_key: attempt.partition_key,
          attempt: attempt.attempt,
        },
        `partition failed: ${outcome.message}`,
      );
    }
  }

  #answered(request: StepRequest, reply: StepReply | null): void {
    const { log } = this.#ports;
    if (reply === null) {
      log.warn({ job_id: this.job.id }, 'the job is gone: its work is stopped');
      this.abort({ why: 'lost' });
      return;
    }
    this.#lanes.allow(reply.timeout_ms);
    for (const { attempt, outcome, duration_ms } of request.reports) {
      const accepted = reply.accepted.has(attempt.id);
      if (accepted) this.#count(outcome.kind, duration_ms, attempt);
      if (accepted || outcome.kind === 'released') continue;
      this.#ports.meter.attempt('fenced', duration_ms / 1000);
      log.warn(
        { job_id: this.job.id, partition_key: attempt.partition_key, attempt: attempt.attempt },
        `fenced: the lease was lost, "${outcome.kind}" does not count`,
      );
    }
    if (reply.state !== 'running') this.stop();
    // A lane of ours kept the job from ending until this step.
    if (request.closing.length > 0 && reply.accepted.size > 0) this.#ended(reply.state);
    this.#open(request, reply);
  }

  /** An outcome that the database has accepted. */
  #count(kind: Outcome['kind'], duration_ms: number, attempt?: Attempt): void {
    const { meter } = this.#ports;
    meter.attempt(kind, duration_ms / 1000);
    if (kind === 'completed') meter.partition('completed');
    else if (kind === 'fatal') meter.partition('failed');
    else if (kind === 'failed' && attempt!.failures + 1 >= this.job.max_attempts)
      meter.partition('failed');
  }

  /** After a step of ours the job is in this state. */
  #ended(state: string): void {
    if (state === 'completed' || state === 'failed') this.#ports.ended(this.job, state);
  }

  #open(request: StepRequest, reply: StepReply): void {
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
