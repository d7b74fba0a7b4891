import { type Line, type Span, span } from './spans.ts';

export type Button = {
  text: string;
  focused: boolean;
  off: boolean;
};

/** `[ Keep running ]   [ Pause ]`, the focused one in reverse video. */
export function buttons(all: readonly Button[]): Line {
  return all.flatMap((one, index) => [...(index === 0 ? [] : [span('   ')]), button(one)]);
}

function button({ text, focused, off }: Button): Span {
  return focused
    ? { text: `[ ${text} ]`, tone: 'strong', inverse: true }
    : span(`[ ${text} ]`, off ? 'dim' : 'plain');
}
