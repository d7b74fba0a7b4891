import { type BackOff, backOffMs, type OutageKind } from '../../domain/partition/attempt.ts';
import { roughDuration } from '../../domain/time/duration.ts';
import { messageOf } from '../../errors.ts';
import type { Catalogue } from '../../handlers/handler.ts';
import type { Log } from '../../observability/log.ts';

type OutagePorts = {
  catalogue: Catalogue;
  back_off: BackOff;
  log: Log;
  journal(job: JobRef, kind: 'unavailable' | 'available', reason: string): Promise<void>;
  onChange(): void;
};

export type OutageRow = {
  tenant: string;
  asset: string;
  kind: OutageKind;
  message: string;
  age_ms: number;
};

type JobRef = { tenant_id: string; asset_name: string; id: string };

type Outage = {
  job: JobRef;
  kind: OutageKind;
  message: string;
  since: number;
  /** Number of failed probes, and the time of the last. */
  failures: number;
  failedAt: number;
  /** No probe before this moment (monotonic). */
  until: number;
  /** The program is missing: the asset is not offered. */
  withdrawn: boolean;
};

const mostSuspects = 10_000;

/** How long (ms) after its back-off an outage is kept without an attempt: no job has the asset. */
const oldMs = 600_000;

const longestMessage = 300;

/**
 * What is unavailable to this executor's handlers: an endpoint that does not answer, a missing
 * program, a host without descriptors or memory. Such an attempt counts nothing. The asset's jobs
 * of that tenant back off on this executor, longer with each failed probe, and one partition at a
 * time is the probe. Its start and its end are logged, journalled and registered once.
 */
export class Outages {
  readonly #ports: OutagePorts;
  readonly #outages = new Map<string, Outage>();
  /** Number of unaffected attempts, by asset and tenant. */
  readonly #passes = new Map<string, number>();
  /**
   * Partitions that found an endpoint unavailable, with the number of unaffected attempts of the
   * asset at that time.
   */
  readonly #suspects = new Map<string, number>();
  /** The first partition that found the endpoint unavailable since the last unaffected attempt. */
  readonly #first = new Map<string, { passes: number; partition: string; alone: boolean }>();
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: OutagePorts) {
    this.#ports = ports;
  }

  /**
   * Reports an attempt, begun at `began` (monotonic), that found something unavailable. Returns the
   * job's back-off in milliseconds. An attempt that began before the last failed probe does not
   * lengthen it. Null if it is the partition's own failure: since its last one other attempts were
   * unaffected, and none found the endpoint unavailable.
   */
  report(
    job: JobRef,
    partition: string,
    { kind, message: text, began }: { kind: OutageKind; message: string; began: number },
  ): number | null {
    const now = performance.now();
    const key = keyOf(job);
    if (kind === 'endpoint' && this.#isOwn(key, partition)) return null;
    const known = this.#outages.get(key);
    if (known !== undefined && began < known.until) return Math.max(1, known.until - now);
    const outage: Outage = known ?? {
      job,
      kind,
      message: '',
      since: now,
      failures: 0,
      failedAt: now,
      until: now,
      withdrawn: false,
    };
    outage.kind = kind;
    outage.message = text.slice(0, longestMessage);
    outage.failedAt = now;
    outage.until = now + backOffMs(outage.failures++, this.#ports.back_off, Math.random());
    outage.withdrawn = kind === 'program';
    this.#outages.set(key, outage);
    if (known === undefined) {
      this.#ports.log.warn(
        { job_id: job.id, asset: job.asset_name },
        `unavailable, its jobs back off: ${text}`,
      );
      this.#journal(job, 'unavailable', text);
    }
    this.#ports.onChange();
    return outage.until - now;
  }

  #isOwn(key: string, partition: string): boolean {
    const passes = this.#passes.get(key) ?? 0;
    let first = this.#first.get(key);
    if (first?.passes !== passes) first = { passes, partition, alone: true };
    else if (first.partition !== partition) first.alone = false;
    this.#first.set(key, first);
    const before = this.#suspects.get(partition);
    // If several partitions find it unavailable, it is an outage.
    if (before !== undefined && passes > before && first.alone) return true;
    this.#suspects.set(partition, passes);
    // Forgetting the oldest makes at most one more of its attempts count nothing.
    if (this.#suspects.size > mostSuspects) {
      this.#suspects.delete(this.#suspects.keys().next().value!);
    }
    return false;
  }

  /**
   * Reports an attempt that was not affected: it succeeded, or failed on its own. It ends the
   * outage unless it began before the last failed probe.
   */
  attemptPassed(job: JobRef, began: number): void {
    const key = keyOf(job);
    this.#passes.set(key, (this.#passes.get(key) ?? 0) + 1);
    const outage = this.#outages.get(key);
    if (outage === undefined || began < outage.failedAt) return;
    this.#outages.delete(key);
    const words = `available again after ${roughDuration(Math.max(1_000, performance.now() - outage.since))}`;
    this.#ports.log.info({ job_id: job.id, asset: job.asset_name }, words);
    this.#journal(outage.job, 'available', words);
    this.#ports.onChange();
  }

  /** Whether something that the asset needs is known to be unavailable. */
  isUnavailable(job: Omit<JobRef, 'id'>): boolean {
    return this.#outages.has(keyOf(job));
  }

  /**
   * How many more partitions may start while `probing` run: all, one probe, or none in back-off.
   */
  room(job: Omit<JobRef, 'id'>, probing: number): number {
    const outage = this.#outages.get(keyOf(job));
    if (outage === undefined) return Number.POSITIVE_INFINITY;
    return outage.withdrawn || outage.until > performance.now() ? 0 : Math.max(0, 1 - probing);
  }

  /**
   * Milliseconds until the next probe that the last round could not start; infinity if none waits.
   */
  get dueIn(): number {
    const now = performance.now();
    const waiting = [...this.#outages.values()].filter(({ until }) => until > this.#checkedAt);
    return Math.min(...waiting.map(({ until }) => Math.max(1, until - now)));
  }

  get offered(): string[] {
    const withdrawn = new Set(
      [...this.#outages.values()]
        .filter((outage) => outage.withdrawn)
        .map(({ job }) => job.asset_name),
    );
    return [...this.#ports.catalogue.keys()].filter((asset) => !withdrawn.has(asset));
  }

  /** Why nothing is started on this host during its back-off, or null. */
  get hostReason(): string | null {
    const now = performance.now();
    const out = [...this.#outages.values()].find(
      ({ kind, until }) => kind === 'host' && until > now,
    );
    return out === undefined ? null : `this host is out of resources: ${out.message}`;
  }

  /** For the registry. A missing program affects all tenants of the executor. */
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

  /** Checks whether missing programs are back, so that a partition may be the probe. */
  async checkPrograms(): Promise<void> {
    const now = performance.now();
    this.#checkedAt = now;
    for (const [key, outage] of this.#outages) {
      if (!outage.withdrawn && now - outage.until > oldMs) this.#outages.delete(key);
      if (!outage.withdrawn || outage.until > now) continue;
      const handler = this.#ports.catalogue.get(outage.job.asset_name);
      const available =
        handler !== undefined && 'isAvailable' in handler ? await handler.isAvailable?.() : true;
      if (available !== false) {
        outage.withdrawn = false;
        this.#ports.onChange();
        continue;
      }
      outage.until = now + backOffMs(outage.failures++, this.#ports.back_off, Math.random());
    }
  }

  #journal(job: JobRef, kind: 'unavailable' | 'available', reason: string): void {
    this.#ports
      .journal(job, kind, reason)
      .catch((error) => this.#ports.log.debug(`cannot write the journal: ${messageOf(error)}`));
  }
}

function keyOf({ tenant_id, asset_name }: Omit<JobRef, 'id'>): string {
  return JSON.stringify([tenant_id, asset_name]);
}
