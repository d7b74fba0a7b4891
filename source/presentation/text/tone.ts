/** The meaning of a text; the console gives each a style, `list` may ignore it. */
export type Tone = 'plain' | 'strong' | 'dim' | 'accent' | 'context' | 'good' | 'warn' | 'bad';

/** Marks a warning in front of its text, for terminals without colour. */
export function signOf(tone: Tone): string {
  return { warn: '! ', bad: '✗ ', good: '✓ ' }[tone as string] ?? '';
}

export type Cell = { text: string; tone: Tone };

/** One content at several lengths, the longest first; the last always fits. */
export type Phrase = { forms: readonly [string, ...string[]]; tone: Tone };
