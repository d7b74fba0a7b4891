import type { Database } from '../database/database.ts';
import { findHeld } from '../database/queries/find-held.ts';
import { reportAndClaim } from '../database/queries/report-and-claim.ts';
import { type Attempt, leaseKey } from '../domain/partition/attempt.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';

export type OrphanPorts = {
  database: Database;
  tenants: readonly string[];
  owner: string;
  log: Log;
  /** Whether a lane works under this token, or a message asks for one. */
  knows(job: string, token: string): boolean;
};

/**
 * Attempts that the database believes this executor runs, and that it knows nothing of: a message that was given up came through after
 * all, late, or its reply was lost and the lane not wanted any more. Nobody renews them; given back at once, they do
 * not wait for their lease to run out, and nobody counts a crash.
 */
export class Orphans {
  readonly #ports: OrphanPorts;
  /** Seen at the last look: a message under way at one look is answered, or known of, at the next. */
  #suspects = new Set<string>();

  constructor(ports: OrphanPorts) {
    this.#ports = ports;
  }

  /** Gives back what was unknown at the last look too; with `all`, what is unknown now: nothing is under way any more. */
  async release(all = false): Promise<void> {
    const { database, tenants, owner, log, knows } = this.#ports;
    const suspects = new Set<string>();
    for (const tenant of tenants) {
      const held = await findHeld(database, tenant, owner);
      for (const attempt of held.filter(({ job_id, token }) => !knows(job_id, token))) {
        const suspect = leaseKey(attempt);
        if (all || this.#suspects.has(suspect)) {
          // One that the database refuses to take back is left to its lease; the others are not kept waiting for it.
          await this.#giveBack(attempt).catch((error) =>
            log.debug(`cannot give back ${attempt.partition_key}: ${messageOf(error)}`),
          );
        } else suspects.add(suspect);
      }
    }
    this.#suspects = suspects;
  }

  async #giveBack(attempt: Attempt): Promise<void> {
    const { database, owner, log } = this.#ports;
    const { job_id: job, tenant_id: tenant, asset_name: asset } = attempt;
    const { granularity, partition_key, token } = attempt;
    const report = { attempt, outcome: { kind: 'released' as const }, duration_ms: 0, delay_ms: 0 };
    const nothing = { opening: [], want: 0, lease_ms: 0 };
    await reportAndClaim(database, {
      tenant,
      job,
      asset,
      granularity,
      owner,
      reports: [report],
      closing: [token],
      ...nothing,
    });
    log.warn({ job_id: job, partition_key }, 'claimed by a message given up long ago: given back');
  }
}
