import type { Database } from '../../database/database.ts';
import { sampleJobs } from '../../database/queries/executor-calls.ts';
import type { Log } from '../../observability/log.ts';
import { Duty } from '../duty.ts';

type SamplerPorts = {
  database: Database;
  log: Log;
  jobs(): Iterable<readonly [tenant: string, jobs: string[]]>;
};

/**
 * Interval in milliseconds. The database keeps one sample a minute; a shorter interval makes a
 * job's first one early.
 */
const everyMs = 15_000;

/** Samples the progress of the executor's jobs, for rates and ETAs. */
export class Sampler extends Duty {
  readonly #ports: SamplerPorts;

  constructor(ports: SamplerPorts) {
    super({ name: 'sampling', every: everyMs, log: ports.log });
    this.#ports = ports;
  }

  protected override async round(): Promise<undefined> {
    for (const [tenant, jobs] of this.#ports.jobs())
      await sampleJobs(this.#ports.database, tenant, jobs);
  }
}
