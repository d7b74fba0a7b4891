import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { type AttemptLog, storeLogs } from '../database/queries/executor-calls.ts';
import type { Candidate } from '../database/queries/find-work.ts';
import type {
  Opening,
  Report,
  BatchPolicy,
  BatchReply,
  Batch,
} from '../database/queries/report-and-claim.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Meter } from '../observability/meter.ts';
import type { Timings } from './settings.ts';
import { BatchSender } from './batch-sender.ts';

export type MailPorts = {
  owner: string;
  database: Database;
  timings: Timings;
  log: Log;
  meter: Meter;
  policy: BatchPolicy;
  /** The work is being stopped: nothing is opened, and what is to be reported does not wait. */
  stopping(): boolean;
  /** False while nothing new may be started. */
  mayOpen(): boolean;
  /** How many of so many lanes that wait the next step opens. */
  shift(waiting: number): number;
  /** Attempts to ask for, for each of so many lanes, while others wait for their step. */
  lookAhead(lanes: number, waiting: number): number;
  /** Null: there is no such job any more. */
  answered(request: Batch, reply: BatchReply | null): void;
  /** The database refuses what a step says, and goes on doing so. */
  refused(message: string): void;
  /** Before every look at the mail: there may be none, and nothing left to do. */
  looked(): void;
};

/** A lane that the next step is to open, in place of one that has ended, under its own token where that was given away already. */
type Wanted = { replaces: string | null; token?: string };

/** Reports of a lane that still runs wait for the next step, but not longer than this. */
const reportDelayMs = 250;

/**
 * What a job's lanes have to report and ask for: it rides on steps, of which at most one is under way. What ends meanwhile
 * rides on the next one.
 */
export class Batcher {
  readonly #job: Candidate;
  readonly #ports: MailPorts;
  #wanted: Wanted[] = [];
  #closing: string[] = [];
  #reports: Report[] = [];
  #logs: AttemptLog[] = [];
  #stepping: Promise<void> | null = null;
  #opening = 0;
  /** Tokens in messages under way: the database may know them, or not any more. */
  readonly #asking = new Set<string>();
  #late: NodeJS.Timeout | null = null;
  #abandoned = new AbortController();

  constructor(job: Candidate, ports: MailPorts) {
    this.#job = job;
    this.#ports = ports;
  }

  /** Lanes asked for that the database does not know of yet. */
  get asked(): number {
    return this.#wanted.length + this.#opening;
  }

  get empty(): boolean {
    return (
      this.asked === 0 &&
      this.#reports.length === 0 &&
      this.#closing.length === 0 &&
      this.#stepping === null
    );
  }

  /** Whether the database may know attempts under this token by a message that is to be sent or under way. */
  knows(token: string): boolean {
    return (
      this.#asking.has(token) ||
      this.#closing.includes(token) ||
      this.#wanted.some((lane) => lane.token === token)
    );
  }

  want(lane: Wanted): void {
    this.#wanted.push(lane);
  }

  close(token: string): void {
    this.#closing.push(token);
  }

  log(attempt: AttemptLog): void {
    this.#logs.push(attempt);
  }

  report(report: Report): void {
    this.#reports.push(report);
    this.#late ??= setTimeout(() => {
      this.#late = null;
      this.send();
    }, reportDelayMs);
  }

  /** While a message of somebody else's asks under this token. */
  asking(token: string, underWay: boolean): void {
    if (underWay) this.#asking.add(token);
    else this.#asking.delete(token);
  }

  /** Stops trying: the leases will run out. */
  abandon(): void {
    this.#abandoned.abort();
  }

  /** Sends what is there, if it is due and no step is under way. */
  send(): void {
    if (this.#stepping !== null) return;
    this.#ports.looked();
    const urgent = this.#closing.length + this.#wanted.length > 0 || this.#ports.stopping();
    const due = this.#reports.length > 0 && this.#late === null;
    if (!urgent && !due) return;
    if (this.#reports.length + this.#closing.length + this.#wanted.length === 0) return;
    this.#stepping = this.#step().finally(() => {
      this.#stepping = null;
      this.send();
    });
  }

  async #step(): Promise<void> {
    const request = this.#collect();
    const tokens = [...request.closing, ...request.opening.map((lane) => lane.token)];
    for (const token of tokens) this.#asking.add(token);
    await this.#storeLogs();
    const sender = new BatchSender({ ...this.#ports, abandoned: this.#abandoned.signal });
    const sent = await sender.send(request);
    for (const token of tokens) this.#asking.delete(token);
    this.#opening = 0;
    for (const { request: one, reply } of sent) this.#ports.answered(one, reply);
  }

  #collect(): Batch {
    if (this.#late !== null) clearTimeout(this.#late);
    this.#late = null;
    const mayOpen = !this.#ports.stopping() && this.#ports.mayOpen();
    const { length } = this.#wanted;
    const wanted = this.#wanted.splice(0, mayOpen ? this.#ports.shift(length) : length);
    const opening: Opening[] = (mayOpen ? wanted : []).map(({ replaces, token }) => ({
      replaces,
      token: token ?? randomUUID(),
    }));
    this.#opening = opening.length;
    // A lane that waits for the next step keeps its token until then.
    const waiting = new Set(this.#wanted.map((lane) => lane.replaces));
    const closing = this.#closing.filter((token) => !waiting.has(token));
    this.#closing = this.#closing.filter((token) => waiting.has(token));
    return {
      tenant: this.#job.tenant_id,
      job: this.#job.id,
      asset: this.#job.asset_name,
      granularity: this.#job.granularity,
      owner: this.#ports.owner,
      reports: this.#reports.splice(0),
      closing,
      opening,
      want: this.#ports.lookAhead(opening.length, this.#wanted.length),
      lease_ms: this.#ports.timings.lease,
      policy: this.#ports.policy,
    };
  }

  async #storeLogs(): Promise<void> {
    const { database, owner, log } = this.#ports;
    const logs = this.#logs.splice(0);
    if (logs.length === 0) return;
    await storeLogs(database, this.#job.tenant_id, owner, logs).catch((error) =>
      log.warn({ job_id: this.#job.id }, `attempt logs were not kept: ${messageOf(error)}`),
    );
  }
}
