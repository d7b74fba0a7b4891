import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { eventsAfter, latestEvents } from '../../database/queries/read-events.ts';
import { readJob } from '../../database/queries/read-job.ts';
import type { EventList } from '../../domain/job/detail.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { noSuchJob } from '../jobs/get-job.ts';

export function listEvents(
  db: Database,
  tenant: string,
  job: string | null,
  limit: number,
): Promise<EventList> {
  return db.read(tenant, async (query) => ({
    as_of: await readClock(query),
    tenant_id: tenant,
    events: await latestEvents(query, tenant, job, limit),
  }));
}

/** Ids to look back: a transaction may commit after one that began later. */
const overlap = 1_000;
const page = 5_000;

/** Returns the new events of the journal at each call, each once. */
export class EventFollower {
  readonly #db: Database;
  readonly #tenant: string;
  readonly #job: string | null;
  readonly #seen = new Set<number>();
  #started = false;
  #highest = 0;

  constructor(db: Database, tenant: string, job: string | null) {
    this.#db = db;
    this.#tenant = tenant;
    this.#job = job;
  }

  /** The first call returns the newest `first`. `ended`: the job has ended, without new events. */
  async next(first: number): Promise<EventList & { ended: boolean }> {
    const isFirst = !this.#started;
    const { as_of, job, found } = await this.#db.read(this.#tenant, async (query) => {
      const as_of = await readClock(query);
      const job = this.#job === null ? null : await readJob(query, this.#tenant, this.#job);
      if (this.#job !== null && job === null) throw noSuchJob(this.#job);
      const found = isFirst
        ? await latestEvents(query, this.#tenant, this.#job, Math.max(first, overlap))
        : await eventsAfter(query, this.#tenant, this.#job, this.#highest - overlap, page);
      return { as_of, job, found };
    });
    // After the transaction: if it fails, its events are read again.
    const fresh = found.filter((event) => !this.#seen.has(event.id));
    for (const event of fresh) this.#seen.add(event.id);
    this.#highest = Math.max(this.#highest, ...fresh.map((event) => event.id));
    for (const id of this.#seen) if (id <= this.#highest - overlap) this.#seen.delete(id);
    this.#started = true;
    const events = isFirst ? fresh.slice(first === 0 ? fresh.length : -first) : fresh;
    const ended = job !== null && isTerminal(job.state) && fresh.length === 0;
    return { as_of, tenant_id: this.#tenant, events, ended };
  }
}
