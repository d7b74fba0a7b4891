import type { Database } from '../../database/database.ts';
import { findJobs, type NamedJob } from '../../database/queries/read-job.ts';
import { type IdRange, parseJobReference, shortId } from '../../domain/job/reference.ts';
import { type Problem, ServoError, UsageError } from '../../errors.ts';

const candidates = 5;

/**
 * Resolves job references (a UUID, or an unambiguous prefix of 4 or more characters), each job
 * once. All mistakes are reported together.
 * @throws UsageError (no job id, ambiguous), or ServoError not_found
 */
export async function resolveJobs(
  db: Database,
  tenant: string,
  references: readonly string[],
): Promise<NamedJob[]> {
  const ranges = references.map((reference) => ({
    reference,
    range: parseJobReference(reference),
  }));
  const malformed = ranges.flatMap(({ range }) => ('problem' in range ? [range.problem] : []));
  if (malformed.length > 0) {
    throw new UsageError(malformed.map((message) => ({ message, hint: 'see: servo-tui list' })));
  }
  const found = await db.read(tenant, async (query) => {
    const results: NamedJob[][] = [];
    for (const { range } of ranges) {
      results.push(await findJobs(query, tenant, range as IdRange, candidates + 1));
    }
    return results;
  });
  const missing = references.filter((_, index) => found[index]!.length === 0);
  const ambiguous = found.flatMap((jobs, index) =>
    jobs.length > 1 ? [ambiguity(references[index]!, jobs)] : [],
  );
  if (ambiguous.length > 0) {
    const unknown = missing.map((reference) => ({ message: `job ${reference} not found` }));
    throw new UsageError([...ambiguous, ...unknown]);
  }
  if (missing.length > 0) {
    throw new ServoError('not_found', missing.map((one) => `job ${one} not found`).join('; '), {
      hint: 'see: servo-tui list',
    });
  }
  const jobs = found.flat();
  return jobs.filter((job, index) => jobs.findIndex((other) => other.id === job.id) === index);
}

/** @throws as resolveJobs */
export async function resolveJob(db: Database, tenant: string, reference: string): Promise<string> {
  const [job] = await resolveJobs(db, tenant, [reference]);
  return job!.id;
}

function ambiguity(reference: string, jobs: readonly NamedJob[]): Problem {
  const named = jobs
    .slice(0, candidates)
    .map((job) => `${shortest(job.id, jobs)} (${job.asset_name}, ${job.state})`);
  const more = jobs.length > candidates ? ' and more' : '';
  return {
    message: `"${reference}" is ambiguous: ${named.join(', ')}${more}`,
    hint: 'give more characters of the id',
  };
}

function shortest(id: string, jobs: readonly NamedJob[]): string {
  const enough = Array.from({ length: 29 }, (_, index) => id.slice(0, 8 + index)).find(
    (prefix) => jobs.filter((job) => job.id.startsWith(prefix)).length === 1,
  );
  return enough ?? shortId(id);
}
