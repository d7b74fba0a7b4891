import { cutMessage, wrap } from '../../../presentation/text/fitted.ts';
import type { Line } from '../spans.ts';

/** A message in a frame of its own. */
export type AlertPart = {
  type: 'alert';
  variant: 'warning' | 'error';
  /** Wrapped to the width before Ink sees them. */
  lines: readonly string[];
};

export type ListPart = { type: 'list'; items: readonly string[] };

/** A bar with its figures behind it: `━━━━━──── 13 of 40`. */
export type ProgressPart = { type: 'progress'; done: number; all: number };

/** Rows of a dialog, from top to bottom: lines of our own, or a component of @inkjs/ui. */
export type Part = { type: 'lines'; lines: readonly Line[] } | AlertPart | ListPart | ProgressPart;

/** An alert's borders, padding, icon, and the gap after it. */
const aroundAlert = 6;
/** A list's marker, and the gap after it. */
const beforeItem = 2;

export function alertPart(variant: AlertPart['variant'], text: string, width: number): AlertPart {
  return { type: 'alert', variant, lines: wrap(text, Math.max(1, width - aroundAlert)) };
}

export function listPart(items: readonly string[], width: number): ListPart {
  return { type: 'list', items: items.map((text) => cutMessage(text, width - beforeItem)) };
}

export function rowsOf(part: Part): number {
  switch (part.type) {
    case 'lines':
      return part.lines.length;
    case 'alert':
      return part.lines.length + 2;
    case 'list':
      return part.items.length;
    case 'progress':
      return 1;
  }
}

/** A part before line `at`, in place of `instead` lines. */
export type Inserted = { at: number; instead: number; part: Part };

/** `all` in the order of their places. */
export function inserted(lines: readonly Line[], all: readonly Inserted[]): Part[] {
  let from = 0;
  const parts = all.flatMap(({ at, instead, part }): Part[] => {
    const before = lines.slice(from, at);
    from = at + instead;
    return [{ type: 'lines', lines: before }, part];
  });
  return [...parts, { type: 'lines', lines: lines.slice(from) }];
}
