import { formatFullCount, formatMilliseconds } from '../../../presentation/text/format.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { isWide, panelColumns } from '../../model/layout.ts';
import { type PanelItem, panelItems, selectedIndex } from '../../model/panels.ts';
import { type JobScreen, type PanelName, panelNames, type State } from '../../model/state.ts';
import { cut, exactly, filled, type Line, lineWidth, selected, span } from '../../widgets/spans.ts';
import { clockOf } from './facts.ts';
import { panelRow, type RowContext, rowKey } from './panel-rows.ts';

const titles: Readonly<Record<PanelName, string>> = {
  failed: 'Failed',
  open: 'Open',
  slow: 'Slowest',
  events: 'Events',
  tree: 'Tree',
  executors: 'Executors',
};

const nothing: Readonly<Record<PanelName, string>> = {
  failed: 'no failed partitions',
  open: 'no partitions running or waiting for a retry',
  slow: 'no completed partitions',
  events: 'no events',
  tree: 'no upstream or downstream jobs, no downstream assets',
  executors: 'no executor runs it',
};

const secondaryFrom = 16;
const secondaryPanels: readonly PanelName[] = ['failed', 'open', 'events', 'tree'];

/** The lists of the job screen: one at a time under tabs, or side by side. */
export function panelLines(state: State, job: JobScreen, height: number): Line[] {
  if (height <= 0) return [];
  const width = state.size.columns - 1;
  if (isWide(state.size)) return sideBySide(state, job, width, height);
  const others = secondaryPanels.filter(
    (one) => one !== job.panel && panelItems(job, one).length > 0,
  );
  if (height < secondaryFrom || others.length === 0)
    return [tabs(job, width), ...list(state, job, job.panel, width, height - 1)];
  // With a blank line between the focused list and the others.
  const [own = 0, ...rest] = shares(job, [job.panel, ...others], height - 1);
  return [
    tabs(job, width),
    ...list(state, job, job.panel, width, own - 1),
    [],
    ...others.flatMap((panel, index) => titled(state, job, panel, width, rest[index]!)),
  ];
}

function sideBySide(state: State, job: JobScreen, width: number, height: number): Line[] {
  const left = Math.floor(width * 0.54);
  const widths = [left, width - left - 2];
  const [first = [], second = []] = panelColumns.map((panels, column) => {
    const heights = shares(job, panels, height);
    return panels.flatMap((panel, index) =>
      titled(state, job, panel, widths[column]!, heights[index]!),
    );
  });
  return first.map((line, row) => [...filled(line, left), span('  '), ...(second[row] ?? [])]);
}

/**
 * Lines of each panel: its rows and a title, at least two. The longest give up what is missing; the
 * last gets what remains.
 */
function shares(job: JobScreen, panels: readonly PanelName[], height: number): number[] {
  const wanted = panels.map((panel) => Math.max(2, panelItems(job, panel).length + 1));
  const sum = () => wanted.reduce((all, one) => all + one, 0);
  while (sum() > height && Math.max(...wanted) > 1)
    wanted[wanted.indexOf(Math.max(...wanted))]! -= 1;
  wanted[wanted.length - 1]! += Math.max(0, height - sum());
  return wanted;
}

/** Tabs with figures; if there is no room for all, only the focused one has them. */
function tabs(job: JobScreen, width: number): Line {
  const line = (figures: boolean) =>
    panelNames.flatMap((panel): Line => {
      const focused = panel === job.panel;
      const text = figures || focused ? titleOf(job, panel) : titles[panel];
      const tab = span(` ${text} `, focused ? 'plain' : 'dim');
      return [span(' '), focused ? { ...tab, inverse: true } : tab];
    });
  const full = line(true);
  return cut(lineWidth(full) <= width ? full : line(false), width);
}

export function panelTitle(job: JobScreen, panel: PanelName): Line {
  return [span(titleOf(job, panel), 'dim')];
}

function titleOf(job: JobScreen, panel: PanelName): string {
  return `${titles[panel]} ${countOf(job, panel)}`;
}

/** The first rows of a list, at most `height`, without a selection. */
export const plainRows: List = (state, job, panel, width, height) => {
  const items = panelItems(job, panel);
  const context = contextOf(state, job, items, width);
  return items.slice(0, height).map((item) => cut(panelRow(item, context), width));
};

const widestKey = 24;

function contextOf(
  state: State,
  job: JobScreen,
  items: readonly PanelItem[],
  width: number,
): RowContext {
  const keyWidth = Math.min(widestKey, Math.max(...items.map((item) => widthOf(rowKey(item)))));
  return { state, job, now: clockOf(state, job), keyWidth, width };
}

type List = (
  state: State,
  job: JobScreen,
  panel: PanelName,
  width: number,
  height: number,
) => Line[];

const titled: List = (state, job, panel, width, height) => {
  if (height <= 0) return [];
  const focused = panel === job.panel;
  const mark = span(focused ? '▐' : ' ', 'accent');
  const title = [mark, span(titleOf(job, panel), focused ? 'strong' : 'dim')];
  return [cut(title, width), ...list(state, job, panel, width, height - 1)];
};

/** Totals: the lists hold about the first hundred. */
function countOf(job: JobScreen, panel: PanelName): string {
  const { insight } = job;
  const items = panelItems(job, panel).length;
  switch (panel) {
    case 'failed': {
      const kinds = insight?.failures.length ?? 0;
      const failed = formatFullCount(job.job.failed_partitions);
      return kinds > 1 ? `${failed}, ${kinds} kinds` : failed;
    }
    case 'slow': {
      const { p95_ms = null, count = 0 } = insight?.durations ?? {};
      if (p95_ms === null) return '–';
      const of = count >= 9_000 ? ` of the last ${formatFullCount(count)}` : '';
      return `p95 ${formatMilliseconds(p95_ms)}${panel === job.panel ? of : ''}`;
    }
    case 'tree': {
      const [up, down] = [insight?.upstreams.length ?? 0, insight?.waiting.length ?? 0];
      const made = insight?.assets.length ?? 0;
      return items === 0 ? '0' : `${up}↑ ${down + made}↓`;
    }
    default:
      return formatFullCount(items);
  }
}

const late: readonly PanelName[] = ['failed', 'slow', 'tree', 'executors'];

const list: List = (state, job, panel, width, height) => {
  if (height <= 0) return [];
  const items = panelItems(job, panel);
  if (items.length === 0 || job.detail === null) {
    const unread = job.detail === null || (late.includes(panel) && job.insight === null);
    return exactly(
      [cut([span(`  ${unread ? 'loading …' : nothing[panel]}`, 'dim')], width)],
      height,
    );
  }
  const at = selectedIndex(job, items, panel);
  const first = Math.max(0, Math.min(at - Math.floor(height / 2), items.length - height));
  const context = contextOf(state, job, items, width - 2);
  const lines = items.slice(first, first + height).map((item, row) => {
    const line = cut([span('  '), ...panelRow(item, context)], width);
    return panel === job.panel && first + row === at ? selected(line, width) : line;
  });
  return exactly(lines, height);
};
