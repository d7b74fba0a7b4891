import type { JobEvent, OpenPartition } from '../../domain/job/detail.ts';
import type {
  DownstreamAsset,
  FailedPartition,
  JobExecutor,
  RelatedJob,
  SlowPartition,
} from '../../domain/job/insight.ts';
import type { JobView } from '../../domain/job/job.ts';
import { type FailureGroup, groupFailures } from '../../presentation/partition/failure-groups.ts';
import { oncePer } from '../widgets/once-per.ts';
import type { JobScreen, PanelName } from './state.ts';

export type PanelItem = { key: string } & (
  | { panel: 'failed'; group: FailureGroup; partition: FailedPartition | null }
  | { panel: 'open'; partition: OpenPartition }
  | { panel: 'slow'; partition: SlowPartition }
  | { panel: 'events'; event: JobEvent }
  | { panel: 'tree'; way: 'up' | 'down'; related: RelatedJob }
  | { panel: 'tree'; way: 'made'; asset: DownstreamAsset }
  | { panel: 'executors'; executor: JobExecutor }
);

const itemsIn: Readonly<Record<PanelName, (job: JobScreen) => PanelItem[]>> = {
  failed: ({ insight, unfolded }) =>
    groupFailures(insight?.failures ?? []).flatMap((group) => failedItems(group, unfolded)),
  open: ({ detail }) =>
    (detail?.open ?? []).map((partition) => ({
      panel: 'open',
      key: partition.partition_key,
      partition,
    })),
  slow: ({ insight }) =>
    (insight?.durations.slowest ?? []).map((partition) => ({
      panel: 'slow',
      key: partition.partition_key,
      partition,
    })),
  events: ({ detail }) =>
    (detail?.events ?? []).map((event) => ({ panel: 'events', key: String(event.id), event })),
  tree: ({ insight }) => [
    ...(insight?.upstreams ?? []).map((related) => relatedItem('up', related)),
    ...(insight?.waiting ?? []).map((related) => relatedItem('down', related)),
    ...(insight?.assets ?? []).map(
      (asset): PanelItem => ({ panel: 'tree', way: 'made', key: `made ${asset.id}`, asset }),
    ),
  ],
  executors: ({ insight }) =>
    (insight?.executors ?? []).map((executor) => ({
      panel: 'executors',
      key: executor.id,
      executor,
    })),
};

function failedItems(group: FailureGroup, unfolded: string | null): PanelItem[] {
  const key = `kind ${group.partitions[0]?.partition_key ?? ''}`;
  const head: PanelItem = { panel: 'failed', key, group, partition: null };
  if (unfolded !== key) return [head];
  const below = group.partitions.map(
    (partition): PanelItem => ({ panel: 'failed', key: partition.partition_key, group, partition }),
  );
  return [head, ...below];
}

/** In a tree a job may stand below several others. */
function relatedItem(way: 'up' | 'down', related: RelatedJob): PanelItem {
  return { panel: 'tree', way, key: `${way} ${related.to} ${related.id}`, related };
}

const remembered = Object.fromEntries(
  Object.entries(itemsIn).map(([panel, items]) => [panel, oncePer(items)]),
) as typeof itemsIn;

export function panelItems(job: JobScreen, panel: PanelName): PanelItem[] {
  return remembered[panel](job);
}

export function selectedIndex(
  job: JobScreen,
  items: readonly PanelItem[],
  panel: PanelName,
): number {
  return Math.max(
    0,
    items.findIndex(({ key }) => key === job.selected[panel]),
  );
}

export function selectedItem(job: JobScreen): PanelItem | null {
  const items = panelItems(job, job.panel);
  return items[selectedIndex(job, items, job.panel)] ?? null;
}

export function partitionKeyOf(item: PanelItem | null): string | null {
  switch (item?.panel) {
    case 'failed':
      return (item.partition ?? item.group.partitions[0])?.partition_key ?? null;
    case 'open':
    case 'slow':
      return item.partition.partition_key;
    case 'events':
      return item.event.partition_key;
    default:
      return null;
  }
}

export function relatedJob(item: PanelItem): JobView | null {
  return item.panel === 'tree' && item.way !== 'made' ? item.related.job : null;
}
