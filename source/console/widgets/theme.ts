import { toAscii } from '../../presentation/text/ascii.ts';
import type { Hue } from '../../presentation/text/hue.ts';
import type { Tone } from '../../presentation/text/tone.ts';

export type Palette = Readonly<Record<Hue, string | null>>;

export type Theme = {
  ascii: boolean;
  /** Null with NO_COLOR: only bold, dim and inverse remain. */
  palette: Palette | null;
  /** The context's colour, in the header only: a red context must not make each dialog an alarm. */
  accent: Hue;
};

/** The terminal's own sixteen. Blue is bright: xterm's blue has a contrast of 2.2 on black. */
const own: Palette = {
  red: 'red',
  green: 'green',
  yellow: 'yellow',
  blue: 'blueBright',
  magenta: 'magenta',
  cyan: 'cyan',
};

/** Of 256, whose last 240 are the same everywhere: on white all have a contrast of 4.5 or more. */
const darkOf256: Palette = {
  red: 'ansi256(124)',
  green: 'ansi256(28)',
  yellow: 'ansi256(94)',
  blue: 'ansi256(20)',
  magenta: 'ansi256(90)',
  cyan: 'ansi256(24)',
};

/**
 * Of sixteen, those readable on white with xterm's palette: its green, yellow and cyan have a
 * contrast of 2.
 */
const darkOf16: Palette = {
  red: 'red',
  green: null,
  yellow: 'magenta',
  blue: 'blue',
  magenta: 'magenta',
  cyan: 'blue',
};

/** `depth` as chalk counts it: 1 = sixteen colours, 2 and 3 = 256 and more. */
export function paletteOf(light: boolean, depth: number): Palette {
  if (!light) return own;
  return depth >= 2 ? darkOf256 : darkOf16;
}

export const usualAccent: Hue = 'cyan';

export const plainTheme: Theme = { ascii: false, palette: null, accent: usualAccent };

export type TextStyle = { color?: string; bold?: true; dimColor?: true };

/** The theme of a state; the same object as `before` if nothing of it has changed. */
export function themeOf(
  { options, light }: { options: { accent?: Hue | null }; light: boolean },
  { ascii, depth }: Look,
  before: Theme = plainTheme,
): Theme {
  const accent = options.accent ?? usualAccent;
  const palette = depth === 0 ? null : paletteOf(light, depth);
  const same = accent === before.accent && palette === before.palette && ascii === before.ascii;
  return same ? before : { ascii, accent, palette };
}

/** What the terminal can show; `depth` as chalk counts it, 0 = no colours. */
export type Look = { ascii: boolean; depth: number };

export function colorOf({ palette }: Theme, hue: Hue): string | undefined {
  return palette?.[hue] ?? undefined;
}

export function drawn({ ascii }: Pick<Theme, 'ascii'>, text: string): string {
  return ascii ? toAscii(text) : text;
}

export function textProps(theme: Theme, tone: Tone): TextStyle {
  const colored = (hue: Hue, rest: TextStyle = {}): TextStyle => {
    const color = colorOf(theme, hue);
    return color === undefined ? rest : { color, ...rest };
  };
  switch (tone) {
    case 'plain':
      return {};
    case 'strong':
      return { bold: true };
    case 'dim':
      return { dimColor: true };
    case 'accent':
      return colored(usualAccent);
    case 'context':
      return colored(theme.accent);
    case 'good':
      return colored('green');
    case 'warn':
      return colored('yellow', theme.palette === null ? { bold: true } : {});
    case 'bad':
      return colored('red', { bold: true });
  }
}
