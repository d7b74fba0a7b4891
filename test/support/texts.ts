import { expect } from 'vitest';
import type { Cell, Phrase } from '../../source/presentation/text/tone.ts';

/**
 * What a walk over everything of one kind says, held in full in `texts` beside the tests of its
 * room. After a
 * wanted change, `npx vitest run --project fast --update` writes it again, to be read in the diff.
 */
export async function expectTexts(
  name: string,
  lines: readonly string[],
  room = 'presentation',
): Promise<void> {
  const path = `${import.meta.dirname}/../${room}/texts/${name}.txt`;
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(path);
}

/** The cells of a line with their tones: `orders{strong} 00000001{dim}`. */
export const withTones = (cells: readonly Cell[]): string =>
  cells.map(({ text, tone }) => `${text}{${tone}}`).join('');

/** The forms of a phrase, the longest first, and its tone. */
export const formsOf = ({ forms, tone }: Phrase): string => `${forms.join(' / ')} {${tone}}`;
