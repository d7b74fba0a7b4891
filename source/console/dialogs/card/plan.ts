import type { JobView } from '../../../domain/job/job.ts';
import { shortId } from '../../../domain/job/reference.ts';
import { changesOf, describeChanges, describeTargets } from '../../../domain/job/settings.ts';
import { timesIn } from '../../../presentation/job/action-text.ts';
import { planDialogText } from '../../../presentation/job/dialog-text.ts';
import { stateLabel } from '../../../presentation/job/state-label.ts';
import { namesOf } from '../../../presentation/plan/plan-text.ts';
import { cutMessage } from '../../../presentation/text/fitted.ts';
import { formatFullCount, plural } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { widthOf } from '../../../presentation/text/width.ts';
import { actionOf } from '../../model/actions.ts';
import type { Card, CardPlan } from '../../model/overlay.ts';
import { isOfChanges } from '../../model/run-items.ts';
import { cut, type Line, span } from '../../widgets/spans.ts';
import { calledOf, wideFrom } from '../job-name.ts';
import { settingsOf, settingsOfChange } from './state.ts';

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
          : `${(actionOf(card.name).verb ?? card.name).toLowerCase()} ${plural(some, 'job')}, one after the other`,
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
  const head = `  ${nameOf(job, width, refusal === null && !own)}  `;
  if (refusal === null) return cut([span(head), span(what, 'accent')], width);
  // The end of a reason says what this job is.
  const why = cutMessage(`skipped: ${safeText(refusal)}`, Math.max(0, width - widthOf(head)));
  return cut([span(head, 'dim'), span(why, 'dim')], width);
}

function nameOf(job: JobView, width: number, whole: boolean): string {
  const { word } = stateLabel(job.state);
  return `${calledOf(job, width)}  ${whole || width >= wideFrom ? `${word}, version ${job.version}` : ''}`;
}

const mostReasons = 3;

/**
 * Why jobs are skipped, the most frequent reason first, a row each; empty if the list shows all of
 * them: not more than `rows` jobs.
 */
export function refusalTexts({ jobs }: CardPlan, width: number, rows: number): string[] {
  if (jobs.length <= rows) return [];
  const counts = new Map<string, number>();
  for (const { refusal } of jobs)
    if (refusal !== null) counts.set(refusal, (counts.get(refusal) ?? 0) + 1);
  const texts = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([refusal, count]) => `${formatFullCount(count)} skipped: ${safeText(refusal)}`);
  const others = texts.splice(texts.length > mostReasons ? mostReasons - 1 : mostReasons).length;
  if (others > 0) texts.push(`and ${plural(others, 'other reason')}`);
  return texts.map((text) => cutMessage(text, width - marker));
}

const marker = 2;
