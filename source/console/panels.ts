import type { JobEvent, OpenPartition } from '../domain/job-detail.ts';
import { type FailureGroup, groupFailures, kindsOf } from '../presentation/failure-groups.ts';
import type { JobScreen, PanelName } from './state.ts';

/** One selectable row of a panel, known by `key` whatever row it is on. */
export type PanelItem = { key: string } & (
  | { panel: 'failed'; group: FailureGroup }
  | { panel: 'open'; partition: OpenPartition }
  | { panel: 'events'; event: JobEvent }
);

const itemsIn: Readonly<Record<PanelName, (job: JobScreen) => PanelItem[]>> = {
  failed: ({ detail }) =>
    groupFailures(kindsOf(detail?.failed ?? [])).map((group) => ({
      panel: 'failed',
      key: group.partitions[0]!.partition_key,
      group,
    })),
  open: ({ detail }) =>
    (detail?.open ?? []).map((partition) => ({
      panel: 'open',
      key: partition.partition_key,
      partition,
    })),
  events: ({ detail }) =>
    (detail?.events ?? []).map((event) => ({ panel: 'events', key: String(event.id), event })),
};

export function panelItems(job: JobScreen, panel: PanelName): PanelItem[] {
  return itemsIn[panel](job);
}

/** Where the panel's selection is; the first row if what was selected is gone. */
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
