import type { Author, Database, Query } from '../../database/database.ts';
import type { NewJob } from '../../database/queries/create-job.ts';
import {
  failUnstarted,
  readForExpansion,
  waitForUpstreams,
} from '../../database/queries/expand-job.ts';
import type { KeySource } from '../../domain/start/request.ts';
import { ServoError } from '../../errors.ts';
import { insertTree, lockTree, matchTree, readTree } from './create-tree.ts';

/**
 * Creates the upstream jobs of a pending job that an external writer made with include_upstream;
 * the job then waits for them. `incomplete`: within `grace_ms` that writer may still add
 * partitions. `claimable`: there is nothing to wait for. `failed`: the lineage has a cycle.
 */
export async function expandUpstreams(
  db: Database,
  author: Author,
  id: string,
  grace_ms: number,
): Promise<'claimable' | 'waiting_upstream' | 'failed' | 'incomplete'> {
  return db.write({ ...author, reason: 'include_upstream' }, async (query) => {
    const found = await readForExpansion(query, author.tenant, id, grace_ms);
    if (found === null) return 'claimable';
    if (found.incomplete) return 'incomplete';
    const { asset, job, keys } = found;
    const plan = await readTree(query, author.tenant, asset, job.max_upstream_depth).catch(
      (error) => {
        if (error instanceof ServoError && error.code === 'not_allowed') return error;
        throw error;
      },
    );
    if (plan instanceof ServoError) {
      await failUnstarted(query, author.tenant, id, plan.message);
      return 'failed';
    }
    if (plan.length === 1) return 'claimable';
    await lockTree(query, author.tenant, plan);
    return wait(query, job, id, keys, plan);
  });
}

async function wait(
  query: Query,
  job: NewJob,
  id: string,
  keys: KeySource,
  plan: Awaited<ReturnType<typeof readTree>>,
): Promise<'claimable' | 'waiting_upstream'> {
  const order = plan.at(-1)!.execution_order;
  // Under the lock: another executor may have claimed or expanded it.
  if (!(await waitForUpstreams(query, job.tenant_id, id, order))) return 'claimable';
  await insertTree(query, await matchTree(query, job.tenant_id, plan, keys), job, id);
  return 'waiting_upstream';
}
