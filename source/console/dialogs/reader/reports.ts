import { safeText } from '../../../presentation/text/safe-text.ts';
import { ask, asked, chain } from '../../model/asking.ts';
import type { DataAnswer, ReportRequest } from '../../model/effects.ts';
import { noticed } from '../../model/notice.ts';
import type { State, Step } from '../../model/state.ts';
import { textReader } from './state.ts';

const names: Readonly<Record<ReportRequest['type'], string>> = {
  handoff: 'the hand-off report',
  incident: 'the incident report',
};

export function writeReport(state: State, report: ReportRequest): Step {
  const step = ask(state, 'report', { type: 'write-report', report });
  return chain(step, (next) => noticed(next, `writing ${names[report.type]} …`));
}

export function whyNoReport(state: State): string | null {
  return asked(state, 'report') === null ? null : 'the previous report is still being written';
}

/** Shows the file's name, and its text if nothing else is open. */
export function reportAnswered(state: State, answer: DataAnswer): Step {
  if (answer.type === 'failure') return noticed(state, safeText(answer.failure.message), 'warn');
  if (answer.type !== 'report') return [state, []];
  const path = safeText(answer.path);
  const text = safeText(answer.text, { cap: longest, lines: true });
  const overlay = state.overlay ?? textReader(path, text, answer.text);
  return noticed({ ...state, overlay }, `written to ${path}`);
}

const longest = 1_000_000;
