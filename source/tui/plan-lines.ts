import { settingsOf, settingsOfChange } from '../console/card.ts';
import { keyFor } from '../console/key-hints.ts';
import type { Card, CardPlan, RunItem } from '../console/overlay.ts';
import { isRunOpen, runText, whyNotGoOn } from '../console/run.ts';
import { isOfChanges, sentItem, unconfirmed } from '../console/run-items.ts';
import type { State } from '../console/state.ts';
import type { JobView } from '../domain/job/job.ts';
import { shortId } from '../domain/job/reference.ts';
import { changesOf, describeChanges, describeTargets } from '../domain/job/settings.ts';
import { timesIn } from '../presentation/job/action-text.ts';
import { planDialogText } from '../presentation/job/dialog-text.ts';
import { stateLabel } from '../presentation/job/state-label.ts';
import { namesOf } from '../presentation/plan/plan-text.ts';
import { fitted } from '../presentation/text/fitted.ts';
import { formatFullCount, plural } from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Tone } from '../presentation/text/tone.ts';
import { cut, exactly, type Line, lineWidth, message, span, spread } from './widgets/spans.ts';

/**
 * An action on several jobs: how many, which are not on the screen, and per job what or why not.
 */
export function planLines(card: Card, plan: CardPlan, width: number, rows: number): Line[] {
  const some = plan.jobs.filter(({ refusal }) => refusal === null).length;
  const left = plan.jobs.length - some;
  const hidden = plan.hidden.length;
  const head: Line[] = [
    [
      span('Will  ', 'dim'),
      span(
        isOfChanges(plan)
          ? `make ${plural(some, 'change')}, one after the other`
          : `${card.name} ${plural(some, 'job')}, one after the other`,
      ),
      span(left === 0 ? '' : `; ${formatFullCount(left)} will be skipped`, 'warn'),
      span(plan.missing === 0 ? '' : `; ${formatFullCount(plan.missing)} no longer exist`, 'warn'),
    ],
    ...(hidden === 0
      ? []
      : [
          cut(
            [span('      '), span(`${hidden} not on the screen: ${namesOf(plan.hidden)}`, 'warn')],
            width,
          ),
        ]),
    ...othersLine(card, plan, width),
  ];
  const room = Math.max(1, rows - head.length - 1);
  const shown = plan.jobs.slice(plan.top, plan.top + room);
  const more =
    plan.jobs.length > room
      ? `${formatFullCount(plan.top + 1)}–${formatFullCount(plan.top + shown.length)} of ${formatFullCount(plan.jobs.length)}, PgDn PgUp`
      : '';
  return [
    ...head,
    ...shown.map((line) => planLine(card, line, width)),
    ...(more === '' ? [] : [[span(`      ${more}`, 'dim')]]),
  ];
}

function othersLine({ others }: Card, plan: CardPlan, width: number): Line[] {
  const names = new Map(
    plan.jobs.map(({ job }) => [job.id, safeText(job.asset_name, { cap: 60 })]),
  );
  const nameOf = (id: string) => names.get(id) ?? shortId(id);
  const text = others && planDialogText(others.dialogs, others.as_of, nameOf);
  return text === null ? [] : [cut([span('Also  ', 'dim'), span(text, 'warn')], width)];
}

function planLine(
  card: Card,
  { job, refusal, change }: CardPlan['jobs'][number],
  width: number,
): Line {
  const settings = change === undefined ? settingsOf(card) : settingsOfChange(card, change);
  const { changes } = changesOf(job, settings);
  const name = change?.name ?? card.name;
  // Each job's own change must be visible.
  const own = change !== undefined && width < wideFrom;
  const described = (own ? describeTargets : describeChanges)(changes, timesIn(card.zone));
  const what = changes.length === 0 ? `→ ${name}` : `→ ${described}`;
  return cut(
    [
      span(
        `  ${nameOf(job, width, refusal === null && !own)}  `,
        refusal === null ? 'plain' : 'dim',
      ),
      refusal === null ? span(what, 'accent') : span(`skipped: ${safeText(refusal)}`, 'dim'),
    ],
    width,
  );
}

function nameOf(job: JobView, width: number, whole: boolean): string {
  const { word } = stateLabel(job.state);
  return `${calledOf(job, width)}  ${whole || width >= wideFrom ? `${word}, version ${job.version}` : ''}`;
}

/** On a narrow terminal the reason is worth more than the whole name. */
const wideFrom = 100;

function calledOf(job: JobView, width: number): string {
  const name = fitted(safeText(job.asset_name, { cap: 100 }), width < wideFrom ? 16 : 28);
  return `${name} ${shortId(job.id)}`;
}

export function runLines(state: State, top: number, width: number, rows: number): Line[] {
  const items = state.run?.items ?? [];
  const sent = state.run === null ? null : sentItem(state.run);
  const shown = items.slice(top, top + rows).map((item) => itemLine(item, item === sent, width));
  const open = isRunOpen(state);
  const keys = !open
    ? 'Esc close'
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
