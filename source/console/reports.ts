import { safeText } from '../presentation/text/safe-text.ts';
import type { DataAnswer, ReportRequest } from './effects.ts';
import { ask } from './loading.ts';
import { noticed } from './notice.ts';
import { textReader } from './reading.ts';
import type { State, Step } from './state.ts';

const names: Readonly<Record<ReportRequest['type'], string>> = {
  handoff: 'the hand-off report',
  incident: 'the incident report',
};

/** Writes the report that the command of the same name prints. */
export function writeReport(state: State, report: ReportRequest): Step {
  const [asked, effects] = ask(state, 'report', { type: 'write-report', report });
  const [next, more] = noticed(asked, `writing ${names[report.type]} …`);
  return [next, [...effects, ...more]];
}

export function whyNoReport({ asked }: State): string | null {
  return asked.report === null ? null : 'the previous report is still being written';
}

/** Shows the file's name, and its text if nothing else is open. */
export function reportAnswered(state: State, answer: DataAnswer): Step {
  const free = { ...state, asked: { ...state.asked, report: null } };
  if (answer.type === 'failure') return noticed(free, safeText(answer.failure.message), 'warn');
  if (answer.type !== 'report') return [free, []];
  const path = safeText(answer.path);
  const text = safeText(answer.text, { cap: longest, lines: true });
  const overlay = free.overlay ?? textReader(path, text, answer.text);
  return noticed({ ...free, overlay }, `written to ${path}`);
}

const longest = 1_000_000;
