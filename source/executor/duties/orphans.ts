import type { Database } from '../../database/database.ts';
import { findHeld } from '../../database/queries/find-held.ts';
import { reportAndClaim } from '../../database/queries/report-and-claim.ts';
import type { Attempt } from '../../domain/partition/attempt.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../observability/log.ts';
import { Duty } from '../duty.ts';
import type { Timings } from '../settings.ts';

type OrphanPorts = {
  database: Database;
  tenants: readonly string[];
  owner: string;
  timings: Timings;
  log: Log;
  /** Whether a lease queue or a message in flight has this token. */
  owns(job: string, token: string): boolean;
};

/**
 * Releases orphaned claims: attempts that the database counts as this executor's and that it does
 * not own, because a cancelled message arrived late or its reply was lost. No heartbeat renews
 * them; released, they do not wait for their lease to expire, and count no crash.
 */
export class Orphans extends Duty {
  readonly #ports: OrphanPorts;
  /**
   * Tokens found in the last round: a message that was in flight then has its reply by the next.
   */
  #suspects = new Set<string>();

  constructor(ports: OrphanPorts) {
    super({ name: 'orphans', every: ports.timings.rescue, log: ports.log });
    this.#ports = ports;
  }

  /** Releases all orphaned claims at once. Call it when no message is in flight. */
  releaseAll(): Promise<void> {
    return this.#release(true);
  }

  protected override async round(): Promise<undefined> {
    await this.#release(false);
  }

  async #release(all: boolean): Promise<void> {
    const { database, tenants, owner, log, owns } = this.#ports;
    const suspects = new Set<string>();
    for (const tenant of tenants) {
      const held = await findHeld(database, tenant, owner);
      const orphans = held.filter(({ job_id, token }) => !owns(job_id, token));
      // All attempts of a token are released together, because that closes the token.
      for (const token of new Set(orphans.map((attempt) => attempt.token))) {
        const queue = orphans.filter((attempt) => attempt.token === token);
        if (all || this.#suspects.has(token)) {
          // If the database refuses, the lease expires.
          await this.#releaseQueue(queue).catch((error) =>
            log.debug(`cannot release ${queue[0]!.partition_key}: ${messageOf(error)}`),
          );
        } else suspects.add(token);
      }
    }
    this.#suspects = suspects;
  }

  async #releaseQueue(attempts: readonly Attempt[]): Promise<void> {
    const { database, owner, log } = this.#ports;
    const { job_id: job, tenant_id: tenant, asset_name: asset, granularity, token } = attempts[0]!;
    await reportAndClaim(database, {
      ...{ tenant, job, asset, granularity, owner },
      reports: attempts.map((attempt) => ({
        ...{ attempt, outcome: { kind: 'released' as const }, duration_ms: 0, delay_ms: 0 },
      })),
      closing: [token],
      ...{ opening: [], per_queue: 0, lease_ms: 0 },
    });
    for (const { partition_key } of attempts)
      log.warn({ job_id: job, partition_key }, 'released an orphaned claim');
  }
}
