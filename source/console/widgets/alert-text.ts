import { wrap } from '../../presentation/text/fitted.ts';

/** A text inside of an alert, wrapped before Ink sees it: its rows are known. */
export type AlertText = readonly string[];

/** Borders, padding, the icon, and the gap after it. */
const around = 6;

export function alertText(text: string, width: number): AlertText {
  return wrap(text, Math.max(1, width - around));
}

export function alertRows(text: AlertText): number {
  return text.length + 2;
}
