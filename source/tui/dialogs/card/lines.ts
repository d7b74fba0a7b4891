import { tooSmall } from '../../../console/layout.ts';
import type { Card } from '../../../console/overlay.ts';
import type { State } from '../../../console/state.ts';
import { wrap } from '../../../presentation/text/fitted.ts';
import {
  alertPart,
  type Inserted,
  inserted,
  listPart,
  type Part,
  rowsOf,
} from '../../widgets/parts/parts.ts';
import { type Line, span } from '../../widgets/spans.ts';
import { type Contents, type DialogProps, within } from '../dialog.ts';
import { buttonsLine, cardTitle, controlLines } from './controls.ts';
import { type Details, details, nowText } from './details.ts';
import { refusalTexts } from './plan.ts';

/** Rows of a dialog without alerts and lists, and where those could go. */
type Arranged = Details & {
  /** Index of the blank line before the buttons; null if there is no room for one. */
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

/** Inside of an action's dialog: what was seen, what will happen, and the questions. */
export function cardLines(state: State, card: Card, width: number, height: number): Line[] {
  return arranged(state, card, width, height).lines;
}

export type CardContents = Contents & { parts: readonly Part[] };

/** From this height on the list of a plan gives rows to what is said about it. */
const roomy = 20;

/** The same with alerts and the reasons of refusals, as far as they push out nothing. */
export function cardContents({
  state,
  overlay: card,
  width,
  height,
}: DialogProps<Card>): CardContents {
  const why = card.hint === null ? null : alertPart('warning', card.hint, width);
  const list = listPart(height < roomy ? [] : refusalTexts(card, height), width);
  const given = card.plan === null || height < roomy ? [] : [...(why === null ? [] : [why]), list];
  const kept = given.reduce((sum, part) => sum + rowsOf(part), 0);
  const { lines, now, listed, gap, spare } = arranged(state, card, width, height, kept);
  const changed = now === null ? null : alertPart('error', `Now ${nowText(state, card)}`, width);
  const wanted: (Inserted | null)[] = [
    changed && { at: now!, instead: 1, part: changed },
    listed === null || list.items.length === 0 ? null : { at: listed, instead: 0, part: list },
    gap === null || why === null ? null : { at: gap, instead: 1, part: why },
  ];
  let room = spare;
  const taken = wanted.filter((one): one is Inserted => {
    if (one === null) return false;
    const more = rowsOf(one.part) - one.instead;
    if (more > room) return false;
    room -= more;
    return true;
  });
  // The alert says why: the buttons' line says how to go on.
  const said = taken.some(({ part }) => part === why);
  const shown = said ? lines.with(-1, buttonsLine(state, { ...card, hint: null }, width)) : lines;
  const parts = inserted(within(shown, width, height), taken);
  const rows = parts.reduce((sum, part) => sum + rowsOf(part), 0);
  return { title: cardTitle(card), width, rows, parts };
}
