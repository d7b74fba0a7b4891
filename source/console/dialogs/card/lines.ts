import { wrap } from '../../../presentation/text/fitted.ts';
import { tooSmall } from '../../model/layout.ts';
import type { Card } from '../../model/overlay.ts';
import type { State } from '../../model/state.ts';
import { alertRows, alertText } from '../../widgets/alert-text.ts';
import { type Line, span } from '../../widgets/spans.ts';
import { type DialogProps, within } from '../dialog.ts';
import { buttonsLine, cardTitle, controlLines } from './controls.ts';
import { type Details, details, nowText } from './details.ts';
import { refusalTexts } from './plan.ts';

type Arranged = Details & {
  gap: number | null;
  spare: number;
};

/** On a low terminal the questions stay, with a note that something is missing. */
function arranged(state: State, card: Card, width: number, height: number, kept = 0): Arranged {
  const small = tooSmall(state.size);
  const crowded = { now: null, listed: null, gap: null, spare: 0 };
  if (small !== null) {
    const why = wrap(small, width).map((text): Line => [span(text, 'warn')]);
    const { lines } = details(state, card, width, height - why.length);
    return { ...crowded, lines: [...why, ...lines].slice(0, height) };
  }
  const controls = controlLines(state, card, width);
  const above = details(state, card, width, height - controls.length - 2 - kept);
  const spare = height - above.lines.length - controls.length;
  if (spare >= 2) {
    const lines = [...above.lines, [], ...controls.slice(0, -1), [], ...controls.slice(-1)];
    return { ...above, lines, gap: lines.length - 2, spare: spare - 2 };
  }
  if (spare >= 0) return { ...crowded, lines: [...above.lines, ...controls] };
  const room = Math.max(0, height - controls.length - 1);
  const note: Line = [span('… the terminal is too small to show everything', 'warn')];
  return {
    ...crowded,
    lines: [
      ...above.lines.slice(0, room),
      ...(height > controls.length ? [note] : []),
      ...controls.slice(-height),
    ],
  };
}

export function cardLines(state: State, card: Card, width: number, height: number): Line[] {
  return arranged(state, card, width, height).lines;
}

/** From this height on the list of a plan gives rows to what is said about it. */
const roomy = 20;

export type CardContents = ReturnType<typeof cardContents>;

/** With alerts and reasons of refusals as far as they push out nothing. */
export function cardContents({ state, overlay: card, width, height }: DialogProps<Card>) {
  const asked = card.hint === null ? null : alertText(card.hint, width);
  const listing = card.plan !== null && height >= roomy;
  const reasons = listing ? refusalTexts(card.plan!, width, height) : [];
  const kept = listing ? reasons.length + (asked === null ? 0 : alertRows(asked) - 1) : 0;
  const { lines, now, listed, gap, spare } = arranged(state, card, width, height, kept);
  let room = spare;
  const fits = (more: number) => {
    if (more > room) return false;
    room -= more;
    return true;
  };
  const news = now === null ? null : alertText(`Now ${nowText(state, card)}`, width);
  const changed = news !== null && fits(alertRows(news) - 1) ? news : null;
  const refusals = listed !== null && fits(reasons.length) ? reasons : [];
  const why = asked !== null && gap !== null && fits(alertRows(asked) - 1) ? asked : null;
  // The alert says why: the buttons' line says how to go on.
  const free = why === null ? card : { ...card, hint: null };
  const shown = within(
    why === null ? lines : lines.with(-1, buttonsLine(state, free, width)),
    width,
    height,
  );
  const after = now === null ? 0 : now + (changed === null ? 0 : 1);
  const end = gap ?? lines.length;
  return {
    title: cardTitle(card),
    width,
    rows: shown.length + spare - room,
    seen: shown.slice(0, now ?? 0),
    changed,
    details: shown.slice(after, listed ?? after),
    refusals,
    questions: shown.slice(listed ?? after, end),
    why,
    buttons: shown.slice(why === null ? end : end + 1),
  };
}
