import type { Query } from '../../database/database.ts';
import { findOverlap, type NewJob } from '../../database/queries/create-job.ts';
import { shortId } from '../../domain/job/reference.ts';
import type { KeySource } from '../../domain/start/request.ts';
import { ServoError } from '../../errors.ts';

const maxShown = 5;

/** @throws ServoError not_allowed if unfinished jobs of the asset have some of the keys */
export async function refuseOverlap(query: Query, job: NewJob, keys: KeySource): Promise<void> {
  const overlap = await findOverlap(query, job.tenant_id, job.asset_id, keys, maxShown + 1);
  const [first] = overlap;
  if (first === undefined) return;
  const shown = overlap.slice(0, maxShown);
  const jobs = [...new Set(shown.map((one) => one.id))];
  const sentences = jobs.map((id) => {
    const own = shown.filter((one) => one.id === id);
    return `job ${shortId(id)} (${own[0]!.state}) already has ${own.map((one) => one.partition_key).join(', ')}`;
  });
  const more = overlap.length > maxShown ? ' and more' : '';
  throw new ServoError('not_allowed', `${sentences.join('; ')}${more}`, {
    hint: `leave those partitions out, wait for it, or cancel it: servo-tui cancel ${shortId(first.id)} --reason "why"`,
  });
}
