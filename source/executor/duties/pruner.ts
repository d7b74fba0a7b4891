import type { Database } from '../../database/database.ts';
import type { Log } from '../../observability/log.ts';
import { pruneOldRecords } from '../../operations/system/prune.ts';
import { Duty } from '../duty.ts';
import type { Timings } from '../settings.ts';

type PrunerPorts = {
  database: Database;
  tenants: readonly string[];
  owner: string;
  timings: Timings;
  log: Log;
};

/** Deletes old records. Every executor does: for the others there is nothing left to delete. */
export class Pruner extends Duty {
  readonly #ports: PrunerPorts;

  constructor(ports: PrunerPorts) {
    const { tidy } = ports.timings;
    super({ name: 'pruning', every: tidy, delay: tidy / 10, log: ports.log });
    this.#ports = ports;
  }

  protected override async round(): Promise<undefined> {
    const { database, tenants, owner } = this.#ports;
    for (const tenant of tenants) await pruneOldRecords(database, { tenant, actor: owner });
  }
}
