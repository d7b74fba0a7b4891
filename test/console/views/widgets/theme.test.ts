import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { paletteOf } from '../../../../source/console/widgets/theme.ts';
import { hues } from '../../../../source/presentation/text/hue.ts';
import { black, contrast, paletteColor, white } from '../../../support/contrast.ts';

function numberOf(color: string): number {
  const numbered = /^ansi256\((\d+)\)$/.exec(color)?.[1];
  if (numbered !== undefined) return Number(numbered);
  const [code] = /\d+/.exec(new Chalk({ level: 1 })[color as 'red']('x'))!;
  return Number(code) - (Number(code) >= 90 ? 82 : 30);
}

// Before: yellow on white, 1.6.
describe.each([
  ['dark, sixteen colours', false, 1, black],
  ['dark, 256 colours', false, 2, black],
  ['light, sixteen colours', true, 1, white],
  ['light, 256 colours', true, 2, white],
  ['light, all colours', true, 3, white],
] as const)('%s: every colour can be read', (_, light, depth, background) => {
  test.each(hues)('%s', (hue) => {
    const color = paletteOf(light, depth)[hue];
    if (color === null) return;
    const number = numberOf(color);
    expect(contrast(paletteColor(number), background)).toBeGreaterThanOrEqual(light ? 4.5 : 3);
    if (depth === 1) expect(number).toBeLessThan(16);
  });
});
