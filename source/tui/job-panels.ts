import { isWide } from '../console/layout.ts';
import { type PanelItem, panelItems, selectedIndex } from '../console/panels.ts';
import { type JobScreen, type PanelName, panelNames, type State } from '../console/state.ts';
import { secondsBetween } from '../presentation/eta-phrase.ts';
import { eventWords } from '../presentation/event-words.ts';
import { executorName } from '../presentation/executor-name.ts';
import { fitted } from '../presentation/fitted.ts';
import {
  formatAge,
  formatFullCount,
  formatLeft,
  formatMoment,
  plural,
} from '../presentation/format.ts';
import { safeText, widthOf } from '../presentation/safe-text.ts';
import { cut, exactly, filled, type Line, selected, span } from './spans.ts';

const titles: Readonly<Record<PanelName, string>> = {
  failed: 'Failed',
  open: 'Open',
  events: 'Events',
};

const nothing: Readonly<Record<PanelName, string>> = {
  failed: 'no partition has failed',
  open: 'no partition is running or waits for another try',
  events: 'nothing in the journal',
};

/** The lists of the job screen: one at a time under tabs, or side by side where there is room. */
export function panelLines(state: State, job: JobScreen, height: number): Line[] {
  if (height <= 0) return [];
  const width = state.size.columns - 1;
  if (!isWide(state.size)) {
    return [tabs(job, width), ...list(state, job, job.panel, width, height - 1)];
  }
  const left = Math.floor(width * 0.58);
  const failed = Math.max(2, Math.min(height - 3, panelItems(job, 'failed').length + 1));
  const column = [
    ...titled(state, job, 'failed', left, failed),
    ...titled(state, job, 'open', left, height - failed),
  ];
  const events = titled(state, job, 'events', width - left - 2, height);
  return column.map((line, row) => [...filled(line, left), span('  '), ...(events[row] ?? [])]);
}

function tabs(job: JobScreen, width: number): Line {
  const line = panelNames.flatMap((panel, index): Line => {
    const gap = span(index === 0 ? ' ' : '   ');
    const text = `${titles[panel]} ${countOf(job, panel)}`;
    return [
      gap,
      panel === job.panel
        ? { ...span(` ${text} `, 'plain'), inverse: true }
        : span(` ${text} `, 'dim'),
    ];
  });
  return cut(line, width);
}

function titled(
  state: State,
  job: JobScreen,
  panel: PanelName,
  width: number,
  height: number,
): Line[] {
  if (height <= 0) return [];
  const focused = panel === job.panel;
  const title = cut(
    [
      span(focused ? '▐' : ' ', 'accent'),
      span(`${titles[panel]} ${countOf(job, panel)}`, focused ? 'strong' : 'dim'),
    ],
    width,
  );
  return [title, ...list(state, job, panel, width, height - 1)];
}

/** How many there are in all: the lists hold the first hundred or so. */
function countOf(job: JobScreen, panel: PanelName): string {
  const items = panelItems(job, panel).length;
  if (panel !== 'failed') return formatFullCount(items);
  const failed = formatFullCount(job.job.failed_partitions);
  return items > 1 ? `${failed}, ${items} kinds` : failed;
}

function list(
  state: State,
  job: JobScreen,
  panel: PanelName,
  width: number,
  height: number,
): Line[] {
  if (height <= 0) return [];
  const items = panelItems(job, panel);
  if (items.length === 0) {
    const text = job.detail === null ? 'reading …' : nothing[panel];
    return exactly([[span(`  ${text}`, 'dim')]], height);
  }
  const at = selectedIndex(job, items, panel);
  const first = Math.max(0, Math.min(at - Math.floor(height / 2), items.length - height));
  const keyWidth = Math.min(24, Math.max(...items.map((item) => widthOf(keyText(item)))));
  const lines = items.slice(first, first + height).map((item, row) => {
    const line = cut([span('  '), ...itemLine(state, job, item, keyWidth, width - 2)], width);
    return panel === job.panel && first + row === at ? selected(line, width) : line;
  });
  return exactly(lines, height);
}

function keyText(item: PanelItem): string {
  return item.panel === 'open' ? safeText(item.partition.partition_key, { cap: 300 }) : '';
}

function itemLine(
  state: State,
  job: JobScreen,
  item: PanelItem,
  keyWidth: number,
  width: number,
): Line {
  const now = job.detail!.as_of;
  switch (item.panel) {
    case 'failed': {
      const { message, partitions } = item.group;
      const keys = partitions.map(({ partition_key }) => safeText(partition_key, { cap: 300 }));
      const count = `${fitted(formatFullCount(partitions.length), 3, 'right')} ×  `;
      const shown =
        keys.length > 3 ? `${keys.slice(0, 2).join(', ')} … ${keys.at(-1)}` : keys.join(', ');
      // The message has the right of way; the keys come as far as there is room.
      const spare = width - widthOf(count) - widthOf(message) - 3;
      return [
        span(count, 'bad'),
        span(message),
        ...(spare >= 10
          ? [span(`   ${fitted(shown, Math.min(spare, widthOf(shown)))}`, 'dim')]
          : []),
      ];
    }
    case 'open': {
      const { partition } = item;
      const error =
        partition.error_message === null ? '' : `   ${safeText(partition.error_message)}`;
      return [
        span(`${fitted(keyText(item), keyWidth)}  `),
        ...openWords(partition, now),
        span(error, 'dim'),
      ];
    }
    case 'events':
      return [
        span(`${formatMoment(item.event.at, now, state.options.zone)}  `, 'dim'),
        ...eventWords(item.event),
      ];
  }
}

type Open = Extract<PanelItem, { panel: 'open' }>['partition'];

function openWords(partition: Open, now: Date): Line {
  const attempt = `attempt ${partition.attempt_count}`;
  if (partition.state === 'running') {
    const since =
      partition.started_at === null
        ? ''
        : ` for ${formatAge(secondsBetween(partition.started_at, now))}`;
    const owner = partition.lease_owner;
    const on = owner === null ? '' : ` on ${executorName(owner)}`;
    return [span(`running${since}`, 'accent'), span(`, ${attempt}${on}`)];
  }
  const due =
    partition.available_at === null ? 0 : (partition.available_at.getTime() - now.getTime()) / 1000;
  const next = due > 0 ? `next try in ${formatLeft(due)}` : 'next try is due';
  return [span(next, 'warn'), span(` after ${plural(partition.attempt_count, 'attempt')}`)];
}
