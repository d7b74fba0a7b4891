import type { TextProps } from 'ink';
import { createContext } from 'react';
import type { Tone } from '../presentation/tone.ts';

/** How tones look. Colours are the terminal's own sixteen, so that they suit its background. */
export type Theme = {
  ascii: boolean;
  /** With NO_COLOR only bold, dim and inverse are left. */
  color: boolean;
  /** One accent colour per context. */
  accent: string;
};

export const plainTheme: Theme = { ascii: false, color: false, accent: 'cyan' };

export const ThemeContext = createContext<Theme>(plainTheme);

export function textProps(theme: Theme, tone: Tone): TextProps {
  const colored = (color: string, rest: TextProps = {}): TextProps =>
    theme.color ? { color, ...rest } : rest;
  switch (tone) {
    case 'plain':
      return {};
    case 'strong':
      return { bold: true };
    case 'dim':
      return { dimColor: true };
    case 'accent':
      return colored(theme.accent);
    case 'good':
      return colored('green');
    case 'warn':
      return colored('yellow', theme.color ? {} : { bold: true });
    case 'bad':
      return colored('red', { bold: true });
  }
}
