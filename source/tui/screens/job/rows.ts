import { type JobLayout, jobLayout } from '../../../console/layout.ts';
import type { JobScreen, State } from '../../../console/state.ts';
import { jobTone } from '../../../presentation/job/health-text.ts';
import { progressBar } from '../../../presentation/job/progress-bar.ts';
import { stallText } from '../../../presentation/job/stall-text.ts';
import { formatPercent } from '../../../presentation/text/format.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import {
  blank,
  cut,
  exactly,
  filled,
  flow,
  type Line,
  lineWidth,
  message,
  span,
  spread,
} from '../../widgets/spans.ts';
import { hintsLine, noteLine } from '../footer.ts';
import { bannerLine, headerLine } from '../header.ts';
import type { Picture } from '../jobs/rows.ts';
import { factsOf, riskFact, titleFacts } from './facts.ts';
import { panelLines } from './panels.ts';
import { trendLine, trendLines } from './trend.ts';

export function jobPicture(state: State, job: JobScreen): Picture {
  const layout = jobLayout(state, job);
  const { columns } = state.size;
  const width = columns - 1;
  const now = job.detail?.as_of ?? state.jobs.list?.as_of ?? job.job.created_at;
  const title = indented(flow(titleFacts(state, job), width - 1)[0] ?? blank);
  const risk = riskFact(job.job, now);
  const roomForRisk = lineWidth(title) + lineWidth(risk) + 2 <= width;
  return {
    top: layout.header ? [headerLine(state)] : [],
    body: [
      spread(title, risk, width),
      barLine(job, width),
      ...exactly(flow(factsOf(state, job, !roomForRisk), width - 1).map(indented), layout.facts),
      ...(layout.stall ? [restLine(job, width)] : []),
      ...(layout.banner ? [bannerLine(state)] : []),
      ...mapLines(job, layout, width),
      ...(layout.trend === 'line' ? [indented(trendLine(job, width - 1))] : []),
      ...(layout.gap ? [blank] : []),
      ...panelLines(state, job, layout.panels),
    ],
    bottom: [
      ...(layout.note ? [noteLine(state, [])] : []),
      ...(layout.hints ? [hintsLine(state)] : []),
    ],
  };
}

function barLine({ job }: JobScreen, width: number): Line {
  const percent = formatPercent(job.progress).padStart(5);
  const bar = progressBar(width - 1 - percent.length, job.progress);
  return [span(' '), span(bar, jobTone(job)), span(percent, 'strong')];
}

/** The map with its legend, and the trend beside or after it. */
function mapLines(job: JobScreen, { map, legend, trend }: JobLayout, width: number): Line[] {
  const lines = map.lines.map(indented);
  const below = legend ? [indented(map.legend)] : [];
  if (trend === 'legend') {
    const room = width - lineWidth(below[0]!) - 3;
    return [...lines, ...below.map((line) => spread(line, trendLine(job, room), width))];
  }
  if (trend !== 'beside') return [...lines, ...below.map((line) => cut(line, width))];
  const left = Math.max(...lines.map(lineWidth)) + 4;
  const right = trendLines(job, width - left);
  return [
    ...lines.map((line, row) =>
      right[row] === undefined ? line : cut([...filled(line, left), ...right[row]], width),
    ),
    ...below.map((line) => cut(line, width)),
  ];
}

function restLine({ job, detail }: JobScreen, width: number): Line {
  const words = stallText(job, detail?.events ?? []);
  return words === null ? blank : message(`${signOf(words.tone)}${words.text}`, words.tone, width);
}

function indented(line: Line): Line {
  return [span(' '), ...line];
}
