import type { Query } from '../../database/database.ts';
import { insertJob, insertPartitions, type NewJob } from '../../database/queries/create-job.ts';
import { maxListedKeys } from '../../domain/partition/key.ts';
import type { KeySource } from '../../domain/start/request.ts';
import { insertTree, type TreeNode } from '../start/create-tree.ts';

/**
 * Writes a new job with its partitions and the jobs of its upstream tree; with upstreams it waits
 * for them. Null, and nothing is written, if the tenant has a job with that idempotency key.
 */
export async function createJob(
  query: Query,
  job: NewJob,
  keys: KeySource,
  tree: readonly TreeNode[] = [],
): Promise<string | null> {
  const waits = tree.length > 1;
  const placed: NewJob = {
    ...job,
    state: waits ? 'waiting_upstream' : job.state,
    execution_order: waits ? tree.at(-1)!.execution_order : job.execution_order,
  };
  const id = await insertJob(query, placed, keys, job.total_partitions <= maxListedKeys);
  if (id === null) return null;
  await insertPartitions(query, job.tenant_id, id, keys);
  if (waits) await insertTree(query, tree, placed, id);
  return id;
}
