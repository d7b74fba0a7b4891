import { type BackOff, backOffMs, type OutageKind } from '../domain/partition/attempt.ts';
import { roughDuration } from '../domain/time/duration.ts';
import { messageOf } from '../errors.ts';
import type { Catalogue } from '../handlers/handler.ts';
import type { Log } from '../observability/log.ts';
import type { OutageRow } from './registry.ts';

export type OutagePorts = {
  catalogue: Catalogue;
  back_off: BackOff;
  log: Log;
  /** Writes into the journal of the job, once when a trouble begins and once when it ends. */
  journal(job: Place, kind: 'unavailable' | 'available', reason: string): Promise<void>;
  /** What executors tell of themselves has changed. */
  changed(): void;
};

export type Place = { tenant_id: string; asset_name: string; id: string };

type Trouble = {
  job: Place;
  kind: OutageKind;
  message: string;
  since: number;
  /** Probes that have failed, and when the last one did. */
  failures: number;
  failedAt: number;
  /** No probe before this moment (monotonic). */
  until: number;
  /** The program is not there: the asset is not offered. */
  withdrawn: boolean;
};

const mostSuspects = 10_000;

/**
 * A trouble that nobody has met for so long (ms) after its rest is no news any more: no job wants
 * the asset.
 */
const oldMs = 600_000;

/** Longer messages are cut: they are shown in a line. */
const longestMessage = 300;

/**
 * What is away for this executor's handlers: an endpoint that does not answer, a program that is
 * not there, a host that is out of something. An attempt that meets it counts nothing. Instead the
 * asset's jobs of that tenant rest on this executor, for a time that grows with each probe that
 * fails, and one partition at a time is the probe. Told once when it begins and once when it ends:
 * in the log, in the journal and in the registry.
 */
export class Outages {
  readonly #ports: OutagePorts;
  readonly #outages = new Map<string, Trouble>();
  /** Attempts that got through, by asset and tenant. */
  readonly #passes = new Map<string, number>();
  /**
   * Partitions that met an endpoint away, and how many attempts of their asset had got through by
   * then.
   */
  readonly #suspects = new Map<string, number>();
  /** When it was last looked which probes may be made (monotonic). */
  #looked = Number.NEGATIVE_INFINITY;

  constructor(ports: OutagePorts) {
    this.#ports = ports;
  }

  /**
   * An attempt that was begun at `began` (monotonic) could not be made. Returns how long the job
   * rests, in milliseconds. Attempts that were begun before the last probe failed are of the same
   * failure. Null: it is the partition's own trouble, since others have got through after it met it
   * the last time; then it counts as a failure.
   */
  met(
    job: Place,
    partition: string,
    { kind, message: text, began }: { kind: OutageKind; message: string; began: number },
  ): number | null {
    const now = performance.now();
    const key = keyOf(job);
    if (kind === 'endpoint' && this.#isOwn(key, partition)) return null;
    const known = this.#outages.get(key);
    if (known !== undefined && began < known.until) return Math.max(1, known.until - now);
    const trouble: Trouble = known ?? {
      job,
      kind,
      message: '',
      since: now,
      failures: 0,
      failedAt: now,
      until: now,
      withdrawn: false,
    };
    trouble.kind = kind;
    trouble.message = text.slice(0, longestMessage);
    trouble.failedAt = now;
    trouble.until = now + backOffMs(trouble.failures++, this.#ports.back_off, Math.random());
    trouble.withdrawn = kind === 'program';
    this.#outages.set(key, trouble);
    if (known === undefined) {
      this.#ports.log.warn(
        { job_id: job.id, asset: job.asset_name },
        `unavailable, its jobs rest: ${text}`,
      );
      this.#journal(job, 'unavailable', text);
    }
    this.#ports.changed();
    return trouble.until - now;
  }

  #isOwn(key: string, partition: string): boolean {
    const passes = this.#passes.get(key) ?? 0;
    const before = this.#suspects.get(partition);
    if (before !== undefined && passes > before) return true;
    this.#suspects.set(partition, passes);
    // The oldest goes: forgotten, it is met once more for nothing.
    if (this.#suspects.size > mostSuspects) {
      this.#suspects.delete(this.#suspects.keys().next().value!);
    }
    return false;
  }

  /**
   * An attempt that was begun at `began` (monotonic) has got through: to success, or to a failure
   * of its own. One that was begun before the last probe failed says nothing of now.
   */
  passed(job: Place, began: number): void {
    const key = keyOf(job);
    this.#passes.set(key, (this.#passes.get(key) ?? 0) + 1);
    const trouble = this.#outages.get(key);
    if (trouble === undefined || began < trouble.failedAt) return;
    this.#outages.delete(key);
    const words = `available again after ${roughDuration(Math.max(1_000, performance.now() - trouble.since))}`;
    this.#ports.log.info({ job_id: job.id, asset: job.asset_name }, words);
    this.#journal(trouble.job, 'available', words);
    this.#ports.changed();
  }

  /** Something that the asset needs is away, as far as is known. */
  away(job: Omit<Place, 'id'>): boolean {
    return this.#outages.has(keyOf(job));
  }

  /**
   * How many more partitions may be tried, where `probing` are: all, one, or none while it rests.
   */
  room(job: Omit<Place, 'id'>, probing: number): number {
    const trouble = this.#outages.get(keyOf(job));
    if (trouble === undefined) return Number.POSITIVE_INFINITY;
    return trouble.withdrawn || trouble.until > performance.now() ? 0 : Math.max(0, 1 - probing);
  }

  /**
   * Milliseconds until another probe may be made than at the last look; infinity where none waits.
   * One that nobody makes, since no job wants its asset or it runs already, asks for no other look.
   */
  get dueIn(): number {
    const now = performance.now();
    const waiting = [...this.#outages.values()].filter(({ until }) => until > this.#looked);
    return Math.min(...waiting.map(({ until }) => Math.max(1, until - now)));
  }

  /** The assets that this executor can run at this moment. */
  get offered(): string[] {
    const withdrawn = new Set(
      [...this.#outages.values()]
        .filter((trouble) => trouble.withdrawn)
        .map(({ job }) => job.asset_name),
    );
    return [...this.#ports.catalogue.keys()].filter((asset) => !withdrawn.has(asset));
  }

  /** Why nothing new is started on this host, while its last probe is not old. */
  get hostReason(): string | null {
    const now = performance.now();
    const out = [...this.#outages.values()].find(
      ({ kind, until }) => kind === 'host' && until > now,
    );
    return out === undefined ? null : `this host is out of something: ${out.message}`;
  }

  /** For the registry, by tenant. A missing program is so for every tenant of the executor. */
  rows(tenants: readonly string[]): OutageRow[] {
    const now = performance.now();
    return [...this.#outages.values()].flatMap(({ job, kind, message, since }) =>
      (kind === 'program' ? tenants : [job.tenant_id]).map((tenant) => ({
        tenant,
        asset: job.asset_name,
        kind,
        message,
        age_ms: now - since,
      })),
    );
  }

  /**
   * Looks whether programs that were missing are there again: then a partition may be the probe.
   */
  async look(): Promise<void> {
    const now = performance.now();
    this.#looked = now;
    for (const [key, trouble] of this.#outages) {
      if (!trouble.withdrawn && now - trouble.until > oldMs) this.#outages.delete(key);
      if (!trouble.withdrawn || trouble.until > now) continue;
      const handler = this.#ports.catalogue.get(trouble.job.asset_name);
      const there = handler !== undefined && 'there' in handler ? await handler.there?.() : true;
      if (there !== false) {
        trouble.withdrawn = false;
        this.#ports.changed();
        continue;
      }
      trouble.until = now + backOffMs(trouble.failures++, this.#ports.back_off, Math.random());
    }
  }

  #journal(job: Place, kind: 'unavailable' | 'available', reason: string): void {
    this.#ports
      .journal(job, kind, reason)
      .catch((error) => this.#ports.log.debug(`not in the journal: ${messageOf(error)}`));
  }
}

function keyOf({ tenant_id, asset_name }: Omit<Place, 'id'>): string {
  return JSON.stringify([tenant_id, asset_name]);
}
