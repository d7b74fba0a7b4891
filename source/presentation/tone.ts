/** What a piece of text means to the eye. The console gives each a look; `list` may ignore it. */
export type Tone = 'plain' | 'strong' | 'dim' | 'accent' | 'good' | 'warn' | 'bad';

export type Cell = { text: string; tone: Tone };

/** A cell that says the same at several lengths, the longest first. The last one always fits. */
export type Phrase = { forms: readonly [string, ...string[]]; tone: Tone };
