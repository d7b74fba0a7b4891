/** What a piece of text means to the eye. The console gives each a look; `list` may ignore it. */
export type Tone = 'plain' | 'strong' | 'dim' | 'accent' | 'context' | 'good' | 'warn' | 'bad';

/** What tells a warning from a remark where colours are not seen, in front of its text. */
export function signOf(tone: Tone): string {
  return { warn: '! ', bad: '✗ ', good: '✓ ' }[tone as string] ?? '';
}

export type Cell = { text: string; tone: Tone };

/** A cell that says the same at several lengths, the longest first. The last one always fits. */
export type Phrase = { forms: readonly [string, ...string[]]; tone: Tone };
