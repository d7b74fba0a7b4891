import { randomUUID } from 'node:crypto';
import type { Query } from '../../database/database.ts';
import {
  insertJob,
  insertPartitions,
  lockStarts,
  type NewJob,
} from '../../database/queries/create-job.ts';
import {
  findTaken,
  findUpstreams,
  insertUpstreams,
  withoutCompleted,
} from '../../database/queries/upstreams.ts';
import { readStrategy, writeStrategy } from '../../domain/job/strategy.ts';
import { maxListedKeys } from '../../domain/partition/key.ts';
import type { Asset } from '../../domain/start/asset.ts';
import type { KeySource } from '../../domain/start/request.ts';
import { countKeys } from '../../domain/start/upstream-keys.ts';
import {
  type Dependency,
  keysNeeded,
  LineageCycle,
  type PlanNode,
  planUpstreams,
} from '../../domain/start/upstream-plan.ts';
import { ServoError } from '../../errors.ts';

export type TreeNode = PlanNode & {
  new_keys: KeySource | null;
  existing: { id: string; state: string }[];
};

/**
 * The tree of an asset and its upstreams, furthest upstream first and the root last. `depth` 0: the
 * direct upstreams; n: n more levels; -1: the asset alone.
 * @throws ServoError not_allowed if the lineage has a cycle
 */
export async function readTree(
  query: Query,
  tenant: string,
  root: Asset,
  depth: number,
): Promise<PlanNode[]> {
  const dependencies: Dependency[] = [];
  const seen = new Set([root.id]);
  for (let level = 0, assets = [root.id]; level <= depth && assets.length > 0; level++) {
    const found = await findUpstreams(query, tenant, assets);
    dependencies.push(...found);
    assets = [...new Set(found.map(({ upstream }) => upstream.id))].filter((id) => !seen.has(id));
    for (const id of assets) seen.add(id);
  }
  try {
    return planUpstreams(root, dependencies);
  } catch (error) {
    if (!(error instanceof LineageCycle)) throw error;
    throw new ServoError(
      'not_allowed',
      `the lineage of ${root.name} has a cycle: ${error.message}`,
      {
        hint: 'correct asset_dependencies, or start without --include-upstream',
        cause: error,
      },
    );
  }
}

/**
 * Locks out other starts of these assets until the transaction ends. In one order for all starts,
 * so that two never deadlock.
 */
export async function lockTree(
  query: Query,
  tenant: string,
  tree: readonly PlanNode[],
): Promise<void> {
  for (const id of tree.map((node) => node.asset.id).sort()) await lockStarts(query, tenant, id);
}

/**
 * Splits the keys of each upstream into new ones and those of unfinished jobs. Upstreams that only
 * such jobs need are left out, and so are keys completed since `done_since`.
 */
export async function matchTree(
  query: Query,
  tenant: string,
  tree: readonly PlanNode[],
  keys: KeySource,
  done_since: Date | null = null,
): Promise<TreeNode[]> {
  const [root, ...upstreams] = tree.toReversed();
  const nodes: TreeNode[] = [{ ...root!, new_keys: keys, existing: [] }];
  for (const node of upstreams) {
    const downstreams = nodes.flatMap((other) =>
      node.needed_by.includes(other.asset.id) && other.new_keys !== null
        ? { asset: other.asset, keys: other.new_keys }
        : [],
    );
    const needed = keysNeeded(node.asset, downstreams);
    if (needed === null) continue;
    const { jobs, rest } = await findTaken(query, tenant, node.asset.id, needed);
    const free = rest === null ? needed : { list: rest };
    const left =
      done_since === null
        ? free
        : { list: await withoutCompleted(query, tenant, node.asset.id, free, done_since) };
    if (jobs.length === 0 && countKeys(left) === 0) continue;
    nodes.push({ ...node, new_keys: countKeys(left) > 0 ? left : null, existing: jobs });
  }
  const kept = new Set(nodes.map((node) => node.asset.id));
  return nodes
    .toReversed()
    .map((node) => ({ ...node, needs: node.needs.filter((id) => kept.has(id)) }));
}

/**
 * Writes the upstream jobs of the tree below the root job, which exists. Strategy, priority,
 * deadline and author are the root's; the assets' defaults override its strategy.
 */
export async function insertTree(
  query: Query,
  tree: readonly TreeNode[],
  root: NewJob,
  rootId: string,
): Promise<void> {
  const jobs = new Map<string, string[]>();
  const own = new Map<string, string>([[tree.at(-1)!.asset.id, rootId]]);
  // Downstream first, so that each job finds its parent.
  for (const node of tree.slice(0, -1).toReversed()) {
    const ids = node.existing.map((job) => job.id);
    if (node.new_keys !== null) {
      const parent =
        node.needed_by.map((asset) => own.get(asset)).find((id) => id !== undefined) ?? rootId;
      const id = await insertNode(query, node, node.new_keys, root, parent);
      own.set(node.asset.id, id);
      ids.unshift(id);
    }
    jobs.set(node.asset.id, ids);
  }
  for (const node of tree) {
    const id = own.get(node.asset.id);
    if (id === undefined) continue;
    const upstreams = [...new Set(node.needs.flatMap((asset) => jobs.get(asset) ?? []))];
    if (upstreams.length > 0) await insertUpstreams(query, root.tenant_id, id, upstreams);
  }
}

async function insertNode(
  query: Query,
  node: TreeNode,
  keys: KeySource,
  root: NewJob,
  parent: string,
): Promise<string> {
  const range = 'range' in keys ? keys.range : null;
  const job: NewJob = {
    ...root,
    asset_id: node.asset.id,
    asset_name: node.asset.name,
    execution_strategy: writeStrategy({
      ...readStrategy(root.execution_strategy),
      ...node.asset.defaults,
    }),
    idempotency_key: randomUUID(),
    partition_start: range?.first ?? null,
    partition_end: range?.last ?? null,
    total_partitions: countKeys(keys),
    include_upstream: false,
    max_upstream_depth: 0,
    state: node.needs.length > 0 ? 'waiting_upstream' : 'pending',
    parent_job_id: parent,
    execution_order: node.execution_order,
  };
  const id = await insertJob(query, job, keys, job.total_partitions <= maxListedKeys);
  await insertPartitions(query, job.tenant_id, id!, keys);
  return id!;
}
