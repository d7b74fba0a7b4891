import { jobTone } from '../../../presentation/job/health-text.ts';
import { progressBar } from '../../../presentation/job/progress-bar.ts';
import { stallText } from '../../../presentation/job/stall-text.ts';
import { formatPercent } from '../../../presentation/text/format.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import { type JobLayout, jobLayout } from '../../model/layout.ts';
import type { JobScreen } from '../../model/state.ts';
import { useConsole } from '../../model/use-console.tsx';
import {
  blank,
  cut,
  exactly,
  filled,
  flow,
  lineWidth,
  message,
  type Line as Spans,
  span,
  spread,
} from '../../widgets/spans.ts';
import { Banner, Header, Hints, Note } from '../bars.tsx';
import { Row, rowsOf, Screen } from '../screen.tsx';
import { clockOf, factsOf, riskFact, titleFacts } from './facts.ts';
import { panelLines } from './panels.ts';
import { trendLine, trendLines } from './trend.ts';

export function JobView() {
  const state = useConsole();
  const job = state.job!;
  const layout = jobLayout(state, job);
  const width = state.size.columns - 1;
  const title = indented(flow(titleFacts(state, job, width - 1), width - 1)[0] ?? blank);
  const risk = riskFact(job.job, clockOf(state, job));
  const isRiskInTitle = lineWidth(title) + lineWidth(risk) + 2 <= width;
  const facts = flow(factsOf(state, job, !isRiskInTitle), width - 1).map(indented);
  return (
    <Screen
      top={layout.header && <Header />}
      bottom={
        <>
          {layout.note && <Note />}
          {layout.hints && <Hints />}
        </>
      }
    >
      <Row spans={spread(title, risk, width)} />
      <Row spans={progressLine(job, width)} />
      {rowsOf(exactly(facts, layout.facts))}
      {layout.stall && <Row spans={stallLine(job, width)} />}
      {layout.banner && <Banner />}
      {rowsOf(mapLines(job, layout, width))}
      {layout.trend === 'line' && <Row spans={indented(trendLine(job, width - 1))} />}
      {layout.gap && <Row spans={blank} />}
      {rowsOf(panelLines(state, job, layout.panels))}
    </Screen>
  );
}

function progressLine({ job }: JobScreen, width: number): Spans {
  const percent = formatPercent(job.progress).padStart(5);
  const bar = progressBar(width - 1 - percent.length, job.progress);
  return [span(' '), span(bar, jobTone(job)), span(percent, 'strong')];
}

function mapLines(job: JobScreen, { map, legend, trend }: JobLayout, width: number): Spans[] {
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

function stallLine({ job, detail }: JobScreen, width: number): Spans {
  const words = stallText(job, detail?.events ?? []);
  return words === null ? blank : message(`${signOf(words.tone)}${words.text}`, words.tone, width);
}

function indented(line: Spans): Spans {
  return [span(' '), ...line];
}
