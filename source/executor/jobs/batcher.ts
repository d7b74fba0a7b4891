import { randomUUID } from 'node:crypto';
import { type AttemptLog, storeLogs } from '../../database/queries/executor-calls.ts';
import type { Candidate } from '../../database/queries/find-work.ts';
import type { Batch, BatchPolicy, Report } from '../../database/queries/report-and-claim.ts';
import { messageOf } from '../../errors.ts';
import { BatchSender, type SenderPorts, type Sent } from './batch-sender.ts';

type BatcherPorts = Omit<SenderPorts, 'abandoned'> & { owner: string; policy: BatchPolicy };

/** A lease queue to open: the token that it replaces, and its own if that was already sent. */
type NewQueue = { replaces: string | null; token?: string; since: number };

/** How many of the waiting queues to open, with how many attempts each; null: open none. */
export type Claim = { open: number; per_queue: number } | null;

/** Longest time that a report of a running queue waits for a batch. */
const reportDelayMs = 250;

/** Collects reports and requests of a job's lease queues, and sends them as one batch at a time. */
export class Batcher {
  readonly #job: Candidate;
  readonly #ports: BatcherPorts;
  readonly #sender: BatchSender;
  readonly #abandoned = new AbortController();
  #toOpen: NewQueue[] = [];
  #closing: string[] = [];
  #reports: Report[] = [];
  #logs: AttemptLog[] = [];
  #firstReport = 0;
  #opening = 0;
  /** Tokens of messages in flight: the database may know them. */
  readonly #inFlight = new Set<string>();

  constructor(job: Candidate, ports: BatcherPorts) {
    this.#job = job;
    this.#ports = ports;
    this.#sender = new BatchSender({ ...ports, abandoned: this.#abandoned.signal });
  }

  get waiting(): number {
    return this.#toOpen.length;
  }

  /** Queues to open that the database does not know yet. */
  get unopened(): number {
    return this.#toOpen.length + this.#opening;
  }

  get empty(): boolean {
    return this.unopened === 0 && this.#reports.length + this.#closing.length === 0;
  }

  /** Milliseconds until a batch is due; null if there is nothing to send. */
  dueIn(stopping: boolean): number | null {
    const urgent = this.#closing.length + this.#toOpen.length > 0;
    if (urgent) return 0;
    if (this.#reports.length === 0) return null;
    return stopping ? 0 : Math.max(0, this.#firstReport + reportDelayMs - performance.now());
  }

  /** Whether attempts under this token may exist, by a message sent or to be sent. */
  owns(token: string): boolean {
    return (
      this.#inFlight.has(token) ||
      this.#closing.includes(token) ||
      this.#toOpen.some((queue) => queue.token === token)
    );
  }

  open(queue: Omit<NewQueue, 'since'>): void {
    this.#toOpen.push({ ...queue, since: performance.now() });
  }

  close(token: string): void {
    this.#closing.push(token);
  }

  log(attempt: AttemptLog): void {
    this.#logs.push(attempt);
  }

  report(report: Report): void {
    if (this.#reports.push(report) === 1) this.#firstReport = performance.now();
  }

  /** Owns the token while a message other than a batch is in flight. */
  async owning<T>(token: string | null, message: () => Promise<T>): Promise<T> {
    if (token === null) return message();
    this.#inFlight.add(token);
    try {
      return await message();
    } finally {
      this.#inFlight.delete(token);
    }
  }

  abandon(): void {
    this.#abandoned.abort();
  }

  /** The sent batches with their replies: several if one had to be divided. */
  async send(claim: Claim): Promise<Sent[]> {
    const batch = this.#collect(claim);
    const tokens = [...batch.closing, ...batch.opening.map(({ token }) => token)];
    for (const token of tokens) this.#inFlight.add(token);
    try {
      await this.#storeLogs();
      return await this.#sender.send(batch);
    } finally {
      for (const token of tokens) this.#inFlight.delete(token);
      this.#opening = 0;
    }
  }

  #collect(claim: Claim): Batch {
    const taken = this.#toOpen.splice(0, claim?.open ?? this.#toOpen.length);
    const opening = (claim === null ? [] : taken).map(({ replaces, token, since }) => ({
      replaces,
      since,
      token: token ?? randomUUID(),
    }));
    this.#opening = opening.length;
    // A queue that is opened later keeps its token until then.
    const waiting = new Set(this.#toOpen.map(({ replaces }) => replaces));
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
      per_queue: claim?.per_queue ?? 1,
      lease_ms: this.#ports.timings.lease,
      policy: this.#ports.policy,
    };
  }

  async #storeLogs(): Promise<void> {
    const { database, owner, log } = this.#ports;
    const logs = this.#logs.splice(0);
    if (logs.length === 0) return;
    await storeLogs(database, this.#job.tenant_id, owner, logs).catch((error) =>
      log.warn({ job_id: this.#job.id }, `cannot store attempt logs: ${messageOf(error)}`),
    );
  }
}
