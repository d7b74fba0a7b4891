import type { Asset } from './asset.ts';
import type { KeySource } from './request.ts';
import { unionOfKeys, upstreamKeys } from './upstream-keys.ts';

export type Dependency = { downstream_id: string; upstream: Asset };

export type PlanNode = {
  asset: Asset;
  /** Ids of its upstream and downstream assets in the tree. */
  needs: string[];
  needed_by: string[];
  /** 0 = furthest upstream, runs first; greater than that of every upstream. */
  execution_order: number;
};

export class LineageCycle extends Error {
  readonly path: readonly string[];
  constructor(path: readonly string[]) {
    super(path.join(' → '));
    this.path = path;
  }
}

/**
 * The tree of a backfill, furthest upstream first, the root last. A shared upstream is one node.
 * @throws LineageCycle
 */
export function planUpstreams(root: Asset, dependencies: readonly Dependency[]): PlanNode[] {
  const needs = new Map<string, Asset[]>();
  for (const { downstream_id, upstream } of dependencies) {
    const list = needs.get(downstream_id) ?? [];
    if (!list.some((asset) => asset.id === upstream.id)) list.push(upstream);
    needs.set(downstream_id, list);
  }
  const nodes = new Map<string, PlanNode>();
  for (const asset of topological(root, needs)) {
    const upstreams = needs.get(asset.id) ?? [];
    const orders = upstreams.map((upstream) => nodes.get(upstream.id)!.execution_order);
    const node = {
      asset,
      needs: upstreams.map(({ id }) => id),
      needed_by: [],
      execution_order: Math.max(-1, ...orders) + 1,
    };
    nodes.set(asset.id, node);
    for (const upstream of upstreams) nodes.get(upstream.id)!.needed_by.push(asset.id);
  }
  return [...nodes.values()];
}

export function keysNeeded(
  upstream: Asset,
  downstreams: readonly { asset: Asset; keys: KeySource }[],
): KeySource | null {
  return downstreams
    .map(({ asset, keys }) => upstreamKeys(keys, asset.granularity, upstream.granularity))
    .reduce<KeySource | null>((all, keys) => (all === null ? keys : unionOfKeys(all, keys)), null);
}

function topological(root: Asset, needs: ReadonlyMap<string, Asset[]>): Asset[] {
  const done = new Map<string, Asset>();
  const path: Asset[] = [];
  const visit = (asset: Asset): void => {
    const from = path.findIndex((other) => other.id === asset.id);
    if (from >= 0) throw new LineageCycle([...path.slice(from), asset].map((other) => other.name));
    if (done.has(asset.id)) return;
    path.push(asset);
    for (const upstream of needs.get(asset.id) ?? []) visit(upstream);
    path.pop();
    done.set(asset.id, asset);
  };
  visit(root);
  return [...done.values()];
}
