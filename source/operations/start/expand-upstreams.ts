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
 * Gives a pending job that another program created with include_upstream what that asks for: the jobs of its upstreams, for
 * which it waits from then on. Not while that program may still add its partitions (`grace_ms`): upstreams get the same. One that needs nothing may run as it is; one whose lineage runs in a circle fails, and says so.
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
  // Under the lock: somebody else may have claimed or expanded it meanwhile.
  if (!(await waitForUpstreams(query, job.tenant_id, id, order))) return 'claimable';
  await insertTree(query, await matchTree(query, job.tenant_id, plan, keys), job, id);
  return 'waiting_upstream';
}
