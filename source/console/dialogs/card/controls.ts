import { shortId } from '../../../domain/job/reference.ts';
import { actionText } from '../../../presentation/job/action-text.ts';
import { cutMessage } from '../../../presentation/text/fitted.ts';
import { formatFullCount, plural } from '../../../presentation/text/format.ts';
import { safeText } from '../../../presentation/text/safe-text.ts';
import { signOf } from '../../../presentation/text/tone.ts';
import { keyName } from '../../model/key-names.ts';
import type { Card, CardPlan } from '../../model/overlay.ts';
import { isOfChanges } from '../../model/run-items.ts';
import type { State } from '../../model/state.ts';
import { buttons } from '../../widgets/buttons.ts';
import { cut, type Line, lineWidth, span, spread } from '../../widgets/spans.ts';
import { fieldLine, parameterLines } from './fields.ts';
import { turnKey } from './keys.ts';
import { actionOfCard, missing, needsReason } from './state.ts';

export function cardTitle(card: Card): string {
  const verb = verbOf(card);
  if (card.plan !== null && isOfChanges(card.plan)) {
    const jobs = new Set(card.plan.jobs.map(({ job }) => job.id)).size;
    return `${verb} ${plural(card.plan.jobs.length, 'change')} to ${plural(jobs, 'job')}`;
  }
  if (card.plan !== null) {
    const { length } = card.plan.jobs;
    const some = possibleIn(card.plan);
    return `${verb} ${some === length ? '' : `${formatFullCount(some)} of `}${plural(length, 'job')}`;
  }
  const which = card.only === null ? '' : `${safeText(card.only, { cap: 60 })} of `;
  return `${verb} ${which}${safeText(card.job.asset_name)} · ${shortId(card.job.id)}`;
}

function possibleIn({ jobs }: CardPlan): number {
  return jobs.filter(({ refusal }) => refusal === null).length;
}

/** Before an object: `Pause`, `Set deadline of`. */
function verbOf(card: Card): string {
  const { action, verb } = actionOfCard(card);
  return verb ?? (action === 'cancel' ? 'Cancel' : actionText[action].verb);
}

export function controlLines(state: State, card: Card, width: number): Line[] {
  const { fields } = actionOfCard(card);
  const reason = needsReason(card) ? 'Reason (required)' : 'Reason (optional)';
  const check = card.expected === null ? null : `Type ${safeText(card.expected)}`;
  return [
    ...scopeLine(card, width),
    ...fields.flatMap((field) => parameterLines(card, field, width)),
    fieldLine(card, 'reason', reason, width),
    ...(check === null ? [] : [fieldLine(card, 'check', check, width)]),
    buttonsLine(state, card, width),
  ];
}

function scopeLine({ selected, only, job }: Card, width: number): Line[] {
  if (selected === null || job.failed_partitions < 2) return [];
  const all = `all ${formatFullCount(job.failed_partitions)} failed partitions`;
  const one = `only ${safeText(selected, { cap: 60 })}`;
  const [now, other] = only === null ? [all, one] : [one, all];
  const turn = ` (${keyName(turnKey)}: ${other})`;
  return [cut([span(` Retries ${now}`), span(turn, 'dim')], width)];
}

const keepAll = 'Leave as is';

function buttonTexts(card: Card): { keep: string; confirm: string; verb: string } {
  const { plan } = card;
  const { keep, verb } = actionText[actionOfCard(card).action];
  if (plan === null) return { keep, confirm: verb, verb };
  const some = possibleIn(plan);
  const count = isOfChanges(plan) ? plural(some, 'change') : plural(some, 'job');
  return { keep: keepAll, confirm: `${verbOf(card)} ${count}`, verb: verbOf(card) };
}

export function buttonsLine(state: State, card: Card, width: number): Line {
  const words = buttonTexts(card);
  const reason = missing(state, card);
  const row = buttons([
    { text: words.keep, focused: card.focus === 'cancel', off: false },
    { text: words.confirm, focused: card.focus === 'confirm', off: reason !== null },
  ]);
  const onButton = card.focus === 'cancel' || card.focus === 'confirm';
  const forms =
    card.hint !== null
      ? [`${signOf('warn')}${card.hint}`]
      : onButton
        ? [reason ?? `y ${words.verb.toLowerCase()}`]
        : ['Tab to the buttons, then y', 'Tab, then y'];
  const room = Math.max(0, width - lineWidth(row) - 2);
  const hint = forms.find((form) => form.length <= room) ?? forms.at(-1)!;
  const said = span(cutMessage(hint, room), card.hint === null ? 'dim' : 'warn');
  return spread(row, [said], width);
}
