/** The meaning of a text; the console gives each a style, `list` may ignore it. */
export type Tone = 'plain' | 'strong' | 'dim' | 'accent' | 'context' | 'good' | 'warn' | 'bad';

/** Marks a warning in front of its text, for terminals without colour. */
export function signOf(tone: Tone): string {
  return { warn: '! ', bad: '✗ ', good: '✓ ' }[tone as string] ?? '';
}

export type Cell = { text: string; tone: Tone };

/**
 * One content at several lengths, the longest first. If none fits, the last is truncated; if it is
 * `whole`, as a time is, it is left out instead: half of it would be another time.
 */
export type Phrase = { forms: readonly [string, ...string[]]; tone: Tone; whole?: true };
