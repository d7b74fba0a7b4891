import type { OutageKind } from '../partition/attempt.ts';
import { type Clause, type ClauseFacts, explain, type ReachedLimit } from './explain.ts';

/** An executor of the tenant that is heard of; `busy`: slots that run something of this tenant. */
export type LivingExecutor = {
  id: string;
  handlers: readonly string[];
  slots: number;
  busy: number;
  draining: boolean;
  hold_reason: string | null;
  outages: readonly {
    asset: string;
    host: string;
    kind: OutageKind;
    message: string;
    since: Date;
  }[];
};

/** Slots of a job whose leases are held by an executor that is not heard of, as `explain` counts them. */
export type SilentLanes = { id: string; lanes: number; seen_at: Date | null; until: Date };

/** What decides, beside the rows of jobs, whether they run: read once for all jobs of a tenant. */
export type ClaimScene = {
  executors: readonly LivingExecutor[];
  /** `assets`: of a limit of an asset type, the assets that it is for. */
  limits: readonly (ReachedLimit & { assets: readonly string[] | null })[];
  /** By job. */
  silent: Readonly<Record<string, readonly SilentLanes[]>>;
  /** Of running jobs without a lease, by job: whether a partition could be taken, and when the next falls due. */
  idle: Readonly<Record<string, { takeable: boolean; due_at: Date | null }>>;
};

/** Of ended jobs nothing else is asked. */
export const emptyScene: ClaimScene = { executors: [], limits: [], silent: {}, idle: {} };

/** What `explain` is asked of one job, as far as no statement about that job alone is needed. */
export type SceneFacts = ClauseFacts & {
  asset_name: string;
  silent: readonly SilentLanes[];
  in_front: null;
};

type AssetFacts = Pick<
  SceneFacts,
  | 'executors'
  | 'with_handler'
  | 'draining'
  | 'untroubled'
  | 'outages'
  | 'ready'
  | 'hold_reason'
  | 'slots'
  | 'slots_busy'
  | 'limits'
>;

type Claimed = {
  id: string;
  asset_name: string;
  state: string;
  ours: boolean;
  lanes: number;
  heartbeat_at: Date | null;
};

/** The facts of one job: its row, and the scene around it. */
export function factsIn(scene: ClaimScene, job: Claimed, asOf: Date): SceneFacts {
  const idle = scene.idle[job.id];
  return {
    ...ofAsset(scene, job.asset_name),
    as_of: asOf,
    asset_name: job.asset_name,
    state: job.state,
    ours: job.ours,
    lanes: job.lanes,
    heartbeat_at: job.heartbeat_at,
    silent: scene.silent[job.id] ?? [],
    takeable: idle?.takeable ?? true,
    due_at: idle?.due_at ?? null,
    // Only `explain` looks for these, which asks of one job.
    missing: 0,
    blockers: [],
    blocked_keys: 0,
    in_front: null,
  };
}

/** The clause of `explain` that holds for the job, as far as the scene tells. */
export function clauseIn(facts: SceneFacts): Clause {
  return explain(facts);
}

/** Assets that some executor can run: what is of another one cannot be claimed. */
export function servedAssets({ executors }: ClaimScene): string[] {
  const able = executors.flatMap(({ handlers, outages }) =>
    handlers.filter((name) => outages.every(({ asset }) => asset !== name)),
  );
  return [...new Set(able)];
}

const known = new WeakMap<ClaimScene, Map<string, AssetFacts>>();

/** The same for all jobs of an asset: reckoned once. */
function ofAsset(scene: ClaimScene, asset: string): AssetFacts {
  const facts = known.get(scene) ?? new Map<string, AssetFacts>();
  known.set(scene, facts);
  const before = facts.get(asset);
  if (before !== undefined) return before;
  const { executors, limits } = scene;
  const able = executors.filter(({ handlers }) => handlers.includes(asset));
  const ready = able.filter(({ draining, hold_reason }) => !draining && hold_reason === null);
  const troubled = executors.flatMap(({ id, outages }) =>
    outages.filter((one) => one.asset === asset).map((one) => ({ executor: id, ...one })),
  );
  const made: AssetFacts = {
    executors: executors.length,
    with_handler: able.length,
    draining: able.filter(({ draining }) => draining).length,
    untroubled: able.filter(({ id }) => troubled.every(({ executor }) => executor !== id)).length,
    outages: troubled.toSorted((a, b) => a.since.getTime() - b.since.getTime()),
    ready: ready.length,
    hold_reason: able.find(({ hold_reason }) => hold_reason !== null)?.hold_reason ?? null,
    slots: ready.reduce((sum, { slots }) => sum + slots, 0),
    slots_busy: ready.reduce((sum, { busy }) => sum + busy, 0),
    limits: limits.filter(({ scope, name, assets }) =>
      scope === 'tenant' ? true : scope === 'asset' ? name === asset : assets?.includes(asset),
    ),
  };
  facts.set(asset, made);
  return made;
}
