import type { Author, Database, Query } from '../../database/database.ts';
import {
  countDeadExecutors,
  countLogs,
  countRows,
  countSamples,
  type EndedKind,
  type EndedPosition,
  findEnded,
  pruneBatch,
  pruneExecutors,
  pruneJob,
  pruneLogs,
  prunePartitions,
  pruneSamples,
  purgeEvents,
} from '../../database/queries/prune.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { type Pruned, retention } from '../../domain/report/retention.ts';

const jobPage = 100;

/** The janitor's earlier rounds did the jobs that ended before this window (ms). */
const janitorWindowMs = 3 * 86_400_000;

/**
 * A transaction deletes at most some thousand rows. Of unfinished jobs only old samples and outputs
 * are deleted.
 */
export async function prune(
  database: Database,
  author: Author,
  older_than_ms: number,
): Promise<Pruned> {
  const { tenant } = author;
  const now = await database.read(tenant, readClock);
  const before = ago(now, older_than_ms);
  let jobs = 0;
  let partitions = 0;
  // A parent goes in the next pass, after its children.
  for (let again = true; again; ) {
    let deleted = 0;
    let kept = 0;
    for await (const id of prunableJobs(database, tenant, before)) {
      partitions += await batches(database, author, (query) =>
        prunePartitions(query, tenant, id, before),
      );
      if (await database.write(author, (query) => pruneJob(query, tenant, id, before))) deleted++;
      else kept++;
    }
    jobs += deleted;
    again = kept > 0 && deleted > 0;
  }
  const events = await purgeAll(database, author, older_than_ms, false);
  return { jobs, partitions, events, ...(await pruneRecords(database, author, now, null)) };
}

/** What `prune` would delete; writes nothing. */
export async function countPruned(
  database: Database,
  author: Author,
  older_than_ms: number,
): Promise<Pruned> {
  const { tenant } = author;
  const now = await database.read(tenant, readClock);
  const before = ago(now, older_than_ms);
  const ids: string[] = [];
  for await (const id of prunableJobs(database, tenant, before)) ids.push(id);
  const counted = await database.read(tenant, async (query) => ({
    jobs: ids.length,
    ...(await countRows(query, tenant, ids, before)),
    samples: await countSamples(query, tenant, ago(now, retention.samples)),
    logs: await countLogs(query, tenant, ago(now, retention.logs)),
    executors: await countDeadExecutors(query, tenant, ago(now, retention.executors)),
  }));
  const purged = await purgeAll(database, author, older_than_ms, true);
  return { ...counted, events: counted.events + purged };
}

/** An executor's periodic clean-up: samples, outputs and dead executors. */
export async function pruneOldRecords(database: Database, author: Author): Promise<void> {
  const now = await database.read(author.tenant, readClock);
  await pruneRecords(database, author, now, janitorWindowMs);
}

async function pruneRecords(
  database: Database,
  author: Author,
  now: Date,
  windowMs: number | null,
): Promise<Pick<Pruned, 'samples' | 'logs' | 'executors'>> {
  const { tenant } = author;
  const [samplesBefore, logsBefore] = [ago(now, retention.samples), ago(now, retention.logs)];
  return {
    samples: await batches(database, author, (query) =>
      pruneSamples(query, tenant, samplesBefore, windowMs),
    ),
    logs: await batches(database, author, (query) => pruneLogs(query, tenant, logsBefore)),
    executors: await database.write(author, (query) =>
      pruneExecutors(query, tenant, ago(now, retention.executors)),
    ),
  };
}

/**
 * Deletable jobs that ended before that moment, oldest first. Those whose end only the journal
 * knows come last.
 */
async function* prunableJobs(
  database: Database,
  tenant: string,
  before: Date,
): AsyncGenerator<string> {
  for (const kind of ['dated', 'undated'] as const)
    yield* pagesOfEnded(database, tenant, before, kind);
}

/** One transaction per page. */
async function* pagesOfEnded(
  database: Database,
  tenant: string,
  before: Date,
  kind: EndedKind,
): AsyncGenerator<string> {
  let after: EndedPosition | null = null;
  for (let full = true; full; ) {
    const from: EndedPosition | null = after;
    const page: Awaited<ReturnType<typeof findEnded>> = await database.read(tenant, (query) =>
      findEnded(query, tenant, before, { kind, after: from, limit: jobPage }),
    );
    for (const { id, may_go } of page) if (may_go) yield id;
    after = page.at(-1) ?? null;
    full = page.length === jobPage;
  }
}

async function purgeAll(
  database: Database,
  author: Author,
  age_ms: number,
  dry: boolean,
): Promise<number> {
  let purged = 0;
  for (let after: number | null = 0; after !== null; ) {
    const from: number = after;
    const work = (query: Query) => purgeEvents(query, author.tenant, { age_ms, after: from, dry });
    const batch = await (dry ? database.read(author.tenant, work) : database.write(author, work));
    purged += batch.purged;
    after = batch.last;
  }
  return purged;
}

async function batches(
  database: Database,
  author: Author,
  work: (query: Query) => Promise<number>,
): Promise<number> {
  let all = 0;
  for (let count = pruneBatch; count === pruneBatch; all += count)
    count = await database.write(author, work);
  return all;
}

function ago(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() - milliseconds);
}
