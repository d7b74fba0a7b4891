import type { Candidate } from '../../database/queries/find-work.ts';
import type { Attempt, Lease } from '../../domain/partition/attempt.ts';
import type { StopReason } from '../attempts/run-attempt.ts';
import type { JobRunner } from './job-runner.ts';

/** The jobs that an executor is running, by id. */
export class Runners {
  readonly #runners = new Map<string, JobRunner>();

  get size(): number {
    return this.#runners.size;
  }

  [Symbol.iterator](): Iterator<JobRunner> {
    return this.#runners.values();
  }

  get(job: string): JobRunner | undefined {
    return this.#runners.get(job);
  }

  add(runner: JobRunner): void {
    this.#runners.set(runner.job.id, runner);
  }

  delete(job: string): void {
    this.#runners.delete(job);
  }

  get busy(): number {
    return this.#sum(({ busy }) => busy);
  }

  /** Slots in use or requested, of one tenant or all. */
  used(tenant?: string): number {
    return this.#sum(({ job, size }) =>
      tenant === undefined || job.tenant_id === tenant ? size : 0,
    );
  }

  /** Slots that probe an unavailable asset of a tenant. */
  probing({ tenant_id, asset_name }: Pick<Candidate, 'tenant_id' | 'asset_name'>): number {
    return this.#sum(({ job, probing }) =>
      job.tenant_id === tenant_id && job.asset_name === asset_name ? probing : 0,
    );
  }

  *jobs(): Iterable<readonly [tenant: string, jobs: string[]]> {
    const tenants = new Map<string, string[]>();
    for (const { job } of this) {
      const jobs = tenants.get(job.tenant_id);
      if (jobs === undefined) tenants.set(job.tenant_id, [job.id]);
      else jobs.push(job.id);
    }
    yield* tenants;
  }

  *attempts(): Iterable<Attempt> {
    for (const runner of this) yield* runner.attempts();
  }

  /** Whether this executor has the lease, or may get it by a message in flight. */
  owns(job: string, token: string): boolean {
    return this.#runners.get(job)?.owns(token) ?? false;
  }

  lose(lease: Lease): boolean {
    return [...this].some((runner) => runner.lose(lease));
  }

  stop(): void {
    for (const runner of this) runner.stop();
  }

  abort(reason: StopReason): void {
    for (const runner of this) runner.abort(reason);
  }

  abandon(): void {
    for (const runner of this) runner.abandon();
  }

  #sum(of: (runner: JobRunner) => number): number {
    return [...this].reduce((sum, runner) => sum + of(runner), 0);
  }
}
