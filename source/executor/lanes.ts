import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Candidate } from '../database/queries/find-work.ts';
import type { BatchPolicy, BatchReply } from '../database/queries/report-and-claim.ts';
import { nextAverage } from '../domain/forecast/eta.ts';
import { type Attempt, type Lease, leaseKey, type Outcome } from '../domain/partition/attempt.ts';
import type { Handler, HandlerContext, HandlerResult } from '../handlers/handler.ts';
import type { ModuleThreads } from '../handlers/module-threads.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import type { LossReporter } from './loss-reporter.ts';
import { RunningAttempt, type StopReason } from './run-attempt.ts';
import { stepRows, type Timings } from './settings.ts';
import { runSqlAttempt, type SqlResult } from './sql-attempt.ts';
import type { Batcher } from './batcher.ts';

/** What lanes need of their executor. */
export type LanePorts = {
  owner: string;
  /** For steps; and, apart from them, one connection for each slot that runs SQL. */
  pools: { steps: Database; handlers: Database };
  /** For handlers that are modules. */
  threads: ModuleThreads;
  /** Of what befell the database when a connection broke. */
  losses: LossReporter;
  timings: Timings;
  log: Log;
  meter: Meter;
  /** False while the executor drains or has lost the database: nothing new is started. */
  mayStart(): boolean;
};

type Ports = LanePorts & {
  mail: Batcher;
  policy: BatchPolicy;
  /** Whether a lane gives up its slot, to a job of higher rank or to another tenant. Asked until it says so: each time counts. */
  yields(): boolean;
  /** To be reported by the next step. */
  report(attempt: Attempt, outcome: Outcome, duration_ms: number): void;
  /** A handler has completed its partition in its own transaction, which answered this. */
  completed(duration_ms: number, reply: BatchReply): void;
  /** A slot has become free; `rest_ms`: how long there is nothing to do on the job. */
  freed(rest_ms: number | null): void;
};

type Runner = (context: HandlerContext) => Promise<HandlerResult>;

/** One slot on the job, under one token: its attempts are run one after another. */
type Lane = {
  token: string;
  queue: Attempt[];
  running: RunningAttempt | null;
  /** It gives its slot up. */
  yielding: boolean;
  /** Something was away while it ran: it ends with its attempt, and is no probe. */
  resting: boolean;
};

/** Lanes that take so many attempts at once are worth a step in two shifts. */
const shiftRows = 10;

/** The slots at work on one job, and what they run. */
export class Lanes {
  readonly #handler: Handler;
  readonly #ports: Ports;
  readonly #lanes = new Map<string, Lane>();
  #stopping = false;
  #average: number | null;
  #timeoutMs = 300_000;

  constructor(job: Candidate, handler: Handler, ports: Ports) {
    this.#handler = handler;
    this.#ports = ports;
    this.#average = job.average_ms;
  }

  get size(): number {
    return this.#lanes.size;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  has(token: string): boolean {
    return this.#lanes.has(token);
  }

  /** Every attempt held, started or not: whose leases are to be renewed. */
  *attempts(): Iterable<Attempt> {
    for (const lane of this.#lanes.values()) {
      if (lane.running !== null) yield lane.running.attempt;
      yield* lane.queue;
    }
  }

  resume(): void {
    this.#stopping = false;
  }

  /** Gives back what has not been started; what runs may end. */
  stop(): void {
    this.#stopping = true;
    for (const lane of this.#lanes.values()) this.#release(lane);
  }

  /** The same, because something is away. Lanes that are opened later are probes, whatever these still run. */
  rest(): void {
    this.stop();
    for (const lane of this.#lanes.values()) lane.resting = true;
  }

  /** Lanes that were open when something was found to be away. */
  get resting(): number {
    return [...this.#lanes.values()].filter((lane) => lane.resting).length;
  }

  /** Stops the handlers that run. */
  abort(reason: StopReason): void {
    for (const lane of this.#lanes.values()) lane.running?.stop(reason);
  }

  /**
   * An attempt whose lease is gone: somebody else may run it already. Not a later one of ours of the same partition, under another token.
   * One that has not been started is given back, which nobody counts as a crash, if nobody has taken it yet.
   * False where there is nothing to stop.
   */
  lose(lease: Lease): boolean {
    const key = leaseKey(lease);
    const lost = (attempt: Attempt) => leaseKey(attempt) === key;
    let found = false;
    for (const { running, queue } of this.#lanes.values()) {
      if (running !== null && running.stopped === null && lost(running.attempt)) {
        running.stop({ why: 'lost' });
        found = true;
      }
      const place = queue.findIndex(lost);
      if (place < 0) continue;
      for (const attempt of queue.splice(place, 1))
        this.#ports.report(attempt, { kind: 'released' }, 0);
      found = true;
    }
    return found;
  }

  allow(timeout_ms: number): void {
    this.#timeoutMs = timeout_ms;
  }

  /** Opens lanes and runs their queues. */
  open(queues: Iterable<readonly [token: string, queue: Attempt[]]>): void {
    const lanes = [...queues].map(
      ([token, queue]): Lane => ({ token, queue, running: null, yielding: false, resting: false }),
    );
    for (const lane of lanes) {
      this.#lanes.set(lane.token, lane);
      if (this.#stopping) this.#release(lane);
    }
    // Handlers that never wait would keep the next step, of lanes that have ended meanwhile, from being sent.
    setImmediate(() => {
      for (const lane of lanes) void this.#run(lane);
    });
  }

  observe(duration_ms: number): void {
    this.#average = nextAverage(this.#average, duration_ms);
  }

  /**
   * Lanes that the next step serves. Where every lane of fine work waits, one half of them: while the database is at
   * its step, the handlers of the other half run. Measured on no-ops with ten lanes, in turn with steps of all lanes, on a
   * machine busy with other work: 19,300 against 14,100 a second, and 10,800 against 9,800.
   */
  shift(waiting: number): number {
    if (this.#lanes.size > 0 || this.lookAhead(waiting, waiting) < shiftRows) return waiting;
    return Math.ceil(waiting / 2);
  }

  /**
   * Attempts for each of so many lanes that a step opens: coarse work one at a time, fine work as much as takes the
   * look-ahead, but no more than a step can claim, nor than two steps can report.
   */
  lookAhead(lanes: number, waiting: number): number {
    if (this.#handler.kind === 'sql' || this.#average === null) return 1;
    const ahead = Math.floor(this.#ports.timings.look_ahead / Math.max(this.#average, 0.01));
    const all = lanes + this.#lanes.size + waiting;
    return Math.max(
      1,
      Math.min(ahead, Math.floor(stepRows / lanes), Math.floor((2 * stepRows) / all)),
    );
  }

  #release(lane: Lane): void {
    for (const attempt of lane.queue.splice(0))
      this.#ports.report(attempt, { kind: 'released' }, 0);
  }

  async #run(lane: Lane): Promise<void> {
    if (this.#handler.kind === 'sql') await this.#runSql(lane, this.#handler.sql);
    else await this.#runQueue(lane, this.#runner(this.#handler));
    this.#lanes.delete(lane.token);
    this.#ports.mail.send();
  }

  #runner(handler: Exclude<Handler, { kind: 'sql' }>): Runner {
    return handler.kind === 'module'
      ? (context) => this.#ports.threads.run(handler, context)
      : (context) => handler.run(context);
  }

  async #runQueue(lane: Lane, run: Runner): Promise<void> {
    const { mail, mayStart, report, timings } = this.#ports;
    const { stop_grace: grace_ms } = timings;
    for (let attempt = lane.queue.shift(); attempt !== undefined; attempt = lane.queue.shift()) {
      // What was claimed ahead must not keep a job of higher rank waiting, nor another tenant.
      if (!mayStart() || this.#yields(lane)) {
        report(attempt, { kind: 'released' }, 0);
        continue;
      }
      const current = attempt;
      lane.running = new RunningAttempt(current);
      const ended = await lane.running.run(
        (signal) => run({ attempt: current, signal, grace_ms }),
        this.#timeoutMs,
      );
      lane.running = null;
      if (ended.output) mail.log({ attempt, output: ended.output });
      report(attempt, ended.outcome, ended.duration_ms);
      // What was claimed ahead would fail the same way.
      if ('permanent' in ended.outcome) this.#release(lane);
    }
    this.#giveUp(lane, { replaces: lane.token });
  }

  async #runSql(lane: Lane, sql: string): Promise<void> {
    const { mail, mayStart, report, completed, freed, owner, pools, timings, policy, losses } =
      this.#ports;
    for (let attempt = lane.queue.shift(); attempt !== undefined; attempt = lane.queue.shift()) {
      if (!mayStart()) {
        report(attempt, { kind: 'released' }, 0);
        break;
      }
      if (this.#yields(lane)) {
        report(attempt, { kind: 'released' }, 0);
        this.#giveUp(lane, { replaces: lane.token });
        return;
      }
      const current = attempt;
      const next = this.#mayGoOn(lane) ? randomUUID() : null;
      const { lease, timeout } = timings;
      let result: SqlResult | null = null;
      if (next !== null) mail.asking(next, true);
      const running = new RunningAttempt(current);
      lane.running = running;
      const ended = await running.run(async (signal) => {
        const options = { owner, next, lease_ms: lease, policy, losses, timeout, signal };
        result = await runSqlAttempt(pools, current, sql, options);
        return { outcome: result.outcome };
      }, this.#timeoutMs);
      const { reply = null, judge, error } = (result ?? {}) as Partial<SqlResult>;
      // The lease is renewed meanwhile.
      if (judge !== undefined && running.stopped === null)
        ended.outcome = await judge(error, running.signal);
      lane.running = null;
      if (next !== null) mail.asking(next, false);
      if (reply === null) {
        report(attempt, ended.outcome, ended.duration_ms);
        // The same token as in the message whose reply may be lost: if that was carried out, the step finds its attempt.
        this.#giveUp(lane, { replaces: lane.token, token: next ?? undefined });
        return;
      }
      this.observe(ended.duration_ms);
      completed(ended.duration_ms, reply);
      const { claimed, state, timeout_ms, due_in_ms } = reply;
      this.#timeoutMs = timeout_ms;
      this.#lanes.delete(lane.token);
      if (next === null || claimed.length === 0) {
        freed(state === 'running' && next !== null ? (due_in_ms ?? timings.poll) : null);
        return;
      }
      lane.token = next;
      lane.queue.push(...claimed);
      this.#lanes.set(next, lane);
      if (this.#stopping || lane.resting) this.#release(lane);
    }
    mail.close(lane.token);
  }

  #yields(lane: Lane): boolean {
    lane.yielding ||= this.#ports.yields();
    return lane.yielding;
  }

  #mayGoOn(lane: Lane): boolean {
    return !this.#stopping && !lane.resting && this.#ports.mayStart() && !this.#yields(lane);
  }

  #giveUp(lane: Lane, next: { replaces: string; token?: string }): void {
    const { mail, freed } = this.#ports;
    this.#lanes.delete(lane.token);
    mail.close(lane.token);
    if (this.#mayGoOn(lane)) mail.want(next);
    // The slot is free already: whoever it is for need not wait until this one's step is answered.
    else if (lane.yielding) freed(null);
  }
}
