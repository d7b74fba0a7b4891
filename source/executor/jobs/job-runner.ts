import { randomUUID } from 'node:crypto';
import type { Candidate } from '../../database/queries/find-work.ts';
import type { Batch, BatchPolicy, BatchReply } from '../../database/queries/report-and-claim.ts';
import { nextAverage } from '../../domain/forecast/eta.ts';
import { strategyDefaults } from '../../domain/job/strategy.ts';
import type { Attempt, Lease, OutageKind, Outcome } from '../../domain/partition/attempt.ts';
import type { Handler, HandlerContext, HandlerResult } from '../../handlers/handler.ts';
import type { StopReason } from '../attempts/run-attempt.ts';
import { runSqlAttempt, type SqlResult } from '../attempts/sql-attempt.ts';
import { Batcher, type Claim } from './batcher.ts';
import { countEnded, type Ended } from './count-ended.ts';
import { mostAttempts, policyOf } from './job-policy.ts';
import { LeaseQueue } from './lease-queue.ts';
import { attemptsPerQueue, queuesToServe } from './look-ahead.ts';
import { reportOf } from './outcome-report.ts';
import type { JobPorts, RunnerEvents } from './ports.ts';

type Execute = (context: HandlerContext) => Promise<HandlerResult>;

/** One executor's work on one job: its lease queues, and the batches that they queuesToServe. */
export class JobRunner {
  readonly job: Candidate;
  readonly #handler: Handler;
  readonly #ports: JobPorts;
  readonly #events: RunnerEvents;
  readonly #policy: BatchPolicy;
  readonly #batcher: Batcher;
  readonly #queues = new Map<string, LeaseQueue>();
  #stopping = false;
  /** A batch is in flight, or its reply is being processed. */
  #sending = false;
  /** Sends waiting reports. */
  #timer: NodeJS.Timeout | null = null;
  #average: number | null;
  #timeoutMs = strategyDefaults.timeout_ms;
  /** Of the last reply. */
  #maxParallel: number | null = null;

  constructor(job: Candidate, handler: Handler, ports: JobPorts, events: RunnerEvents) {
    this.job = job;
    this.#handler = handler;
    this.#ports = ports;
    this.#events = events;
    this.#average = job.average_ms;
    this.#policy = policyOf(handler, ports.pause_at);
    const { owner, pools, timings, log, meter } = ports;
    this.#batcher = new Batcher(job, {
      ...{ owner, database: pools.batches, timings, log, meter, policy: this.#policy },
      onRefused: (message) => this.#onRefused(message),
    });
  }

  get busy(): number {
    return this.#queues.size;
  }

  /** Queues to open that the database does not know yet. */
  get unopened(): number {
    return this.#batcher.unopened;
  }

  get size(): number {
    return this.busy + this.unopened;
  }

  /** Slots taken since something was last found unavailable. */
  get probing(): number {
    return this.size - [...this.#queues.values()].filter((queue) => queue.backingOff).length;
  }

  get idle(): boolean {
    return this.busy === 0 && !this.#sending && this.#batcher.empty;
  }

  /** All claimed attempts, started or not, whose leases are to be renewed. */
  *attempts(): Iterable<Attempt> {
    for (const queue of this.#queues.values()) yield* queue.attempts();
  }

  /** Whether this runner has attempts under this token, or may get them by a message in flight. */
  owns(token: string): boolean {
    return this.#queues.has(token) || this.#batcher.owns(token);
  }

  open(count: number): void {
    this.#stopping = false;
    for (let i = 0; i < count; i++) this.#batcher.open({ replaces: null });
    this.#flush();
  }

  /**
   * Releases attempts that were not started; running ones may finish. For a pause, cancel or drain.
   */
  stop(): void {
    this.#stopping = true;
    for (const queue of this.#queues.values()) this.#release(queue);
    this.#flush();
  }

  abort(reason: StopReason): void {
    this.stop();
    for (const queue of this.#queues.values()) queue.stop(reason);
  }

  /** Stops the attempt of a lost lease. False if it is unknown or already stopped. */
  lose(lease: Lease): boolean {
    let lost = false;
    for (const queue of this.#queues.values()) {
      const { found, released } = queue.lose(lease);
      for (const attempt of released) this.#report(attempt, { kind: 'released' }, 0);
      lost ||= found;
    }
    return lost;
  }

  /** Stops reporting: the leases will expire. */
  abandon(): void {
    this.#batcher.abandon();
  }

  /** The job needs something that is unavailable: nothing is started before the next probe. */
  #backOff(): void {
    for (const queue of this.#queues.values()) queue.backingOff = true;
    this.stop();
  }

  #release(queue: LeaseQueue): void {
    for (const attempt of queue.release()) this.#report(attempt, { kind: 'released' }, 0);
  }

  #start(opened: readonly LeaseQueue[]): void {
    for (const queue of opened) {
      this.#queues.set(queue.token, queue);
      if (this.#stopping) this.#release(queue);
    }
    // Synchronous handlers would delay the next batch of queues that have ended meanwhile.
    setImmediate(() => {
      for (const queue of opened) void this.#run(queue);
    });
  }

  async #run(queue: LeaseQueue): Promise<void> {
    if (this.#handler.kind === 'sql') await this.#runSql(queue, this.#handler.sql);
    else await this.#runAll(queue, this.#executeOf(this.#handler));
    this.#queues.delete(queue.token);
    this.#flush();
  }

  #executeOf(handler: Exclude<Handler, { kind: 'sql' }>): Execute {
    return handler.kind === 'module'
      ? (context) => this.#ports.threads.run(handler, context)
      : (context) => handler.run(context);
  }

  async #runAll(queue: LeaseQueue, execute: Execute): Promise<void> {
    const { mayStart, timings } = this.#ports;
    const { stop_grace: grace_ms } = timings;
    for (let attempt = queue.next(); attempt !== undefined; attempt = queue.next()) {
      // Attempts claimed ahead must not delay a job of higher rank or another tenant.
      if (!mayStart() || this.#yields(queue)) {
        this.#report(attempt, { kind: 'released' }, 0);
        continue;
      }
      const current = attempt;
      const ended = await queue.run(current, (running) =>
        running.run((signal) => execute({ attempt: current, signal, grace_ms }), this.#timeoutMs),
      );
      if (ended.output) this.#batcher.log({ attempt, output: ended.output });
      this.#report(attempt, ended.outcome, ended.duration_ms, queue.keptMs());
      // Attempts claimed ahead would fail the same way.
      if ('permanent' in ended.outcome) this.#release(queue);
    }
    this.#end(queue);
  }

  /** Completed SQL attempts are already reported; the reply contains the next attempt. */
  async #runSql(queue: LeaseQueue, sql: string): Promise<void> {
    const { mayStart, timings } = this.#ports;
    for (let attempt = queue.next(); attempt !== undefined; attempt = queue.next()) {
      if (!mayStart() || this.#yields(queue)) {
        this.#report(attempt, { kind: 'released' }, 0);
        if (queue.yielding) this.#end(queue);
        else this.#batcher.close(queue.token);
        return;
      }
      const current = attempt;
      const next = this.#mayGoOn(queue) ? randomUUID() : null;
      const { outcome, duration_ms, reply } = await this.#batcher.owning(next, () =>
        this.#runSqlAttempt(queue, current, sql, next),
      );
      if (reply === null) {
        this.#report(attempt, outcome, duration_ms);
        // With the token of a message whose reply may be lost: if it was executed, the batch finds
        // its attempt.
        this.#end(queue, next ?? undefined);
        return;
      }
      this.#onCompleted(duration_ms, reply);
      this.#queues.delete(queue.token);
      if (next === null || reply.claimed.length === 0) {
        const waits = reply.state === 'running' && next !== null;
        this.#events.onFree(this.job.id, waits ? (reply.due_in_ms ?? timings.poll) : null);
        return;
      }
      queue.renew(next, reply.claimed);
      this.#queues.set(next, queue);
      if (this.#stopping || queue.backingOff) this.#release(queue);
    }
    this.#batcher.close(queue.token);
  }

  async #runSqlAttempt(queue: LeaseQueue, attempt: Attempt, sql: string, next: string | null) {
    const { owner, pools, timings, losses } = this.#ports;
    return queue.run(attempt, async (running) => {
      let result: Partial<SqlResult> = {};
      const ended = await running.run(async (signal) => {
        const { lease: lease_ms, timeout } = timings;
        const options = { owner, next, lease_ms, policy: this.#policy, losses, timeout, signal };
        result = await runSqlAttempt(pools, attempt, sql, options);
        return { outcome: result.outcome! };
      }, this.#timeoutMs);
      // The heartbeat renews the lease meanwhile.
      const { classify, error, reply = null } = result;
      if (classify !== undefined && running.stopped === null)
        ended.outcome = await classify(error, running.signal);
      return { ...ended, reply };
    });
  }

  #yields(queue: LeaseQueue): boolean {
    queue.yielding ||= this.#events.yields(this.job);
    return queue.yielding;
  }

  #mayGoOn(queue: LeaseQueue): boolean {
    const may = !this.#stopping && !queue.backingOff && this.#ports.mayStart();
    return may && !this.#yields(queue);
  }

  /** The next batch closes the queue, and opens another in its place if allowed. */
  #end(queue: LeaseQueue, token?: string): void {
    this.#queues.delete(queue.token);
    this.#batcher.close(queue.token);
    if (this.#mayGoOn(queue)) this.#batcher.open({ replaces: queue.token, token });
    // The slot is free now; its next use does not wait for the batch.
    else if (queue.yielding) this.#events.onFree(this.job.id, null);
  }

  #report(
    attempt: Attempt,
    reported: Outcome,
    duration_ms: number,
    slot_ms: number | null = null,
  ): void {
    const { timings, outages, log } = this.#ports;
    const began = performance.now() - duration_ms;
    const { outcome, delay_ms, outage } = reportOf(reported, {
      attempt,
      timings,
      random: Math.random(),
      onUnavailable: (kind, message) =>
        outages.report(this.job, attempt.id, { kind, message, began }),
    });
    this.#batcher.report({ attempt, outcome, duration_ms, delay_ms, slot_ms });
    this.#armTimer();
    if (outcome.kind === 'completed') this.#average = nextAverage(this.#average, duration_ms);
    if (outcome.kind === 'failed' || outcome.kind === 'fatal' || outcome.kind === 'crashed')
      log.warn(
        { ...this.#labels(attempt), asset: this.job.asset_name },
        `partition ${outcome.kind === 'crashed' ? 'lost' : 'failed'}: ${outcome.message}`,
      );
    if (outage === 'unavailable') this.#backOff();
    else if (outage === 'available') outages.attemptPassed(this.job, began);
  }

  #onRefused(refusal: string): void {
    const kind: OutageKind = 'database';
    const message = `the database refused a report: ${refusal}`;
    const { outages } = this.#ports;
    outages.report(this.job, this.job.id, { kind, message, began: performance.now() });
    this.#backOff();
  }

  #armTimer(): void {
    if (this.#timer !== null || this.#sending) return;
    const due = this.#batcher.dueIn(this.#stopping);
    if (due === null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, due);
  }

  /** Sends what is due unless a batch is in flight. */
  #flush(): void {
    if (this.#sending) return;
    if (this.idle) this.#events.onFree(this.job.id, null);
    if (this.#batcher.dueIn(this.#stopping) !== 0) {
      this.#armTimer();
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    void this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    const sent = await this.#batcher.send(this.#claim());
    for (const { batch, reply } of sent) this.#onReply(batch, reply);
    this.#sending = false;
    this.#flush();
  }

  #claim(): Claim {
    const { timings, mayStart, outages } = this.#ports;
    if (this.#stopping || !mayStart()) return null;
    const queues = { running: this.busy, waiting: this.#batcher.waiting };
    const average_ms = this.#handler.kind === 'sql' ? null : this.#average;
    const work = { look_ahead: timings.look_ahead, average_ms };
    const open = queuesToServe(queues, work);
    const waiting = queues.waiting - open;
    // A failed probe would release attempts claimed ahead.
    const per_queue = outages.isUnavailable(this.job)
      ? 1
      : attemptsPerQueue(open, { ...queues, waiting }, work);
    return { open, per_queue };
  }

  #onReply(batch: Batch, reply: BatchReply | null): void {
    const { log, meter } = this.#ports;
    if (reply === null) {
      log.warn({ job_id: this.job.id }, 'the job was deleted: its handlers are stopped');
      this.abort({ why: 'lost' });
      return;
    }
    this.#timeoutMs = reply.timeout_ms;
    this.#adapt(reply.max_parallel);
    for (const [index, { attempt, outcome, duration_ms }] of batch.reports.entries()) {
      const accepted = reply.accepted.has(index);
      if (accepted) this.#count({ kind: outcome.kind, duration_ms, failures: attempt.failures });
      if (accepted || outcome.kind === 'released' || outcome.kind === 'unavailable') continue;
      meter.attempt('fenced', duration_ms / 1000);
      log.warn(
        this.#labels(attempt),
        `fenced: "${outcome.kind}" does not count, the lease was lost`,
      );
    }
    if (reply.state !== 'running') {
      if (reply.state === 'paused' && !this.#stopping)
        log.info({ job_id: this.job.id }, 'the job is paused');
      this.stop();
    }
    // Until this batch our queue kept the job from ending.
    if (batch.closing.length > 0 && reply.accepted.size > 0) this.#onState(reply.state);
    this.#onClaimed(batch, reply);
  }

  #onClaimed({ opening, closing }: Batch, { claimed, state, due_in_ms }: BatchReply): void {
    const opened = opening.flatMap(({ token, since = performance.now() }) => {
      const attempts = claimed.filter((attempt) => attempt.token === token);
      return attempts.length === 0 ? [] : [new LeaseQueue(token, attempts, since)];
    });
    this.#start(opened);
    if (opening.length > opened.length) {
      const wait = due_in_ms ?? this.#ports.timings.poll;
      this.#events.onFree(this.job.id, state === 'running' ? wait : null);
    } else if (closing.length > opening.length) this.#events.onFree(this.job.id, null);
  }

  #onCompleted(duration_ms: number, { state, max_parallel, timeout_ms }: BatchReply): void {
    this.#average = nextAverage(this.#average, duration_ms);
    this.#ports.outages.attemptPassed(this.job, performance.now() - duration_ms);
    this.#count({ kind: 'completed', duration_ms, failures: 0 });
    this.#onState(state);
    this.#adapt(max_parallel);
    this.#timeoutMs = timeout_ms;
  }

  /** After permanent failures a job has one queue until a partition completes. */
  #adapt(max_parallel: number): void {
    const before = this.#maxParallel;
    this.#maxParallel = max_parallel;
    if (before !== null && max_parallel > before) this.#events.onRoom(this.job.id);
  }

  #count(ended: Ended): void {
    countEnded(this.#ports.meter, ended, mostAttempts(this.job, this.#policy));
  }

  #onState(state: string): void {
    if (state === 'completed' || state === 'failed') this.#events.onEnded(this.job, state);
  }

  #labels({ partition_key, attempt }: Attempt) {
    return { job_id: this.job.id, partition_key, attempt };
  }
}
