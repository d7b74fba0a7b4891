import type { JobView } from '../../../domain/job/job.ts';
import { shortId } from '../../../domain/job/reference.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import type { Tone } from '../../../presentation/text/tone.ts';
import { keyFor } from '../../model/key-hints.ts';
import { runRows } from '../../model/layout.ts';
import type { RunItem, RunList } from '../../model/overlay.ts';
import { sentItem, unconfirmed } from '../../model/run-items.ts';
import type { State } from '../../model/state.ts';
import { cut, exactly, type Line, lineWidth, message, span, spread } from '../../widgets/spans.ts';
import { type DialogProps, firstShown, within } from '../dialog.ts';
import { calledOf } from '../job-name.ts';
import { isRunOpen, runText, whyNotGoOn } from './state.ts';

/** Summary and keys. */
const aroundItems = 2;
/** From this height on there is a row for the bar. */
const roomForBar = 6;

export type RunContents = ReturnType<typeof runContents>;

/** `all` is null without a row for the bar. */
export function runContents({ state, overlay, width, height }: DialogProps<RunList>) {
  const items = state.run?.items ?? [];
  const bar = height >= roomForBar && items.length > 0 ? 1 : 0;
  const reach = runRows(state.size);
  const rows = Math.min(reach, Math.max(1, height - aroundItems - bar));
  const top = firstShown(overlay.top, items.length, reach, rows);
  const lines = within(runLines(state, top, width, rows), width, height - bar);
  return {
    title: 'Run',
    width,
    rows: lines.length + bar,
    summary: lines.slice(0, 1),
    done: items.filter(({ result }) => result !== null).length,
    all: bar === 0 ? null : items.length,
    items: lines.slice(1),
  };
}

export function runLines(state: State, top: number, width: number, rows: number): Line[] {
  const items = state.run?.items ?? [];
  const sent = state.run === null ? null : sentItem(state.run);
  const shown = items.slice(top, top + rows).map((item) => itemLine(item, item === sent, width));
  const open = isRunOpen(state);
  const keys = !open
    ? ''
    : state.run?.stopped === null
      ? `S stop after this job   Esc close, it continues (${keyFor(state, 'run')} shows it)`
      : `y continue with the rest${whyNotGoOn(state) === null ? '' : ` (${whyNotGoOn(state)})`}   Esc close`;
  const tone: Tone = open && state.run?.stopped !== null ? 'bad' : 'strong';
  return [
    message(runText(state), tone, width, ''),
    ...exactly(shown, Math.min(rows, Math.max(items.length, 1))),
    spread([span(keys, 'dim')], [], width),
  ];
}

/** The line has already named the job: `paused orders_daily 3f2a9c1b (27/365 done)`. */
function withoutName(message: string, { asset_name, id }: JobView): string {
  return message.replace(` ${safeText(asset_name)} ${shortId(id)}`, '');
}

const results: Readonly<Record<string, { glyph: string; tone: Tone }>> = {
  applied: { glyph: '✓', tone: 'good' },
  skipped: { glyph: '–', tone: 'warn' },
  failed: { glyph: '✗', tone: 'bad' },
};

function itemLine(
  { job, result, answer_lost, change }: RunItem,
  sent: boolean,
  width: number,
): Line {
  const name = calledOf(job, width);
  if (result === null) {
    const what = change === undefined ? '' : `${change.name}: `;
    const text = answer_lost ? 'outcome unknown' : sent ? unconfirmed : 'waiting';
    const tone: Tone = answer_lost ? 'bad' : sent ? 'plain' : 'dim';
    return cut([span(`${answer_lost ? '?' : '·'} ${name}  ${what}${text}`, tone)], width);
  }
  const { glyph, tone } = results[result.result]!;
  const head = [span(`${glyph} `, tone), span(`${name}  `), span(`${result.result}: `, tone)];
  const room = width - lineWidth(head);
  return cut(
    [...head, ...message(withoutName(safeText(result.message), job), 'dim', room, '')],
    width,
  );
}
