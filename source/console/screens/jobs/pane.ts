import { shortId } from '../../../domain/job/reference.ts';
import { rangeText } from '../../../presentation/job/columns.ts';
import { jobTone } from '../../../presentation/job/health-text.ts';
import { progressBar } from '../../../presentation/job/progress-bar.ts';
import { stallText } from '../../../presentation/job/stall-text.ts';
import { wrap } from '../../../presentation/text/fitted.ts';
import { formatPercent } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import { readingsOf } from '../../model/layout.ts';
import { panelItems } from '../../model/panels.ts';
import type { JobScreen, PanelName, State } from '../../model/state.ts';
import { blank, exactly, flow, type Line, span } from '../../widgets/spans.ts';
import { factsOf, titleFacts } from '../job/facts.ts';
import { panelTitle, plainRows } from '../job/panels.ts';
import { trendLine } from '../job/trend.ts';

const listed: readonly PanelName[] = ['failed', 'executors', 'open', 'events'];

const mostRows = 6;
const mostReason = 4;

export function paneTitle(job: JobScreen): Line {
  return [
    span(safeText(job.job.asset_name, { cap: 300 }), 'strong'),
    span(` ${shortId(job.id)}`, 'dim'),
  ];
}

export function paneLines(state: State, job: JobScreen, width: number, height: number): Line[] {
  const stall = stallText(job.job, job.detail?.events ?? []);
  const bar = progressBar(width - 6, job.job.progress);
  const range = rangeText(job.job);
  const head: Line[] = [
    ...flow(
      titleFacts(state, job, width)
        .slice(1)
        .filter(([first]) => first?.text !== shortId(job.id)),
      width,
    ),
    [span(bar, jobTone(job.job)), span(formatPercent(job.job.progress).padStart(6), 'strong')],
    ...flow(
      [...factsOf(state, job, true), ...(range === '' ? [] : [[span(`partitions ${range}`)]])],
      width,
    ),
    ...(stall === null
      ? []
      : exactlyAtMost(wrap(`${signOf(stall.tone)}${stall.text}`, width), mostReason).map(
          (text): Line => [span(text, stall.tone)],
        )),
    ...(readingsOf(job).length < 2 ? [] : [trendLine(job, width)]),
  ];
  return exactly([...head, ...lists(state, job, width, height - head.length)], height);
}

function lists(state: State, job: JobScreen, width: number, height: number): Line[] {
  if (job.detail === null) return [blank, [span('loading …', 'dim')]];
  const lines: Line[] = [];
  for (const panel of listed) {
    const items = panelItems(job, panel);
    const room = height - lines.length - 2;
    if (items.length === 0 || room < 1) continue;
    const most = panel === 'events' ? room : Math.min(room, mostRows);
    lines.push(blank, panelTitle(job, panel), ...plainRows(state, job, panel, width, most));
  }
  return lines;
}

function exactlyAtMost(lines: readonly string[], most: number): readonly string[] {
  // The last line is what to do.
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `… ${lines.at(-1)}`];
}
