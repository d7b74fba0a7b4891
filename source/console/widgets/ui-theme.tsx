import { defaultTheme, extendTheme, ThemeProvider, type Theme as UiStyles } from '@inkjs/ui';
import type { BoxProps, TextProps } from 'ink';
import { type ReactNode, useMemo } from 'react';
import { isHue } from '../../presentation/text/hue.ts';
import { signOf, type Tone } from '../../presentation/text/tone.ts';
import { colorOf, drawn, type Theme, textProps } from './theme.ts';

type Variant = 'info' | 'success' | 'warning' | 'error';

const tones: Readonly<Record<Variant, Tone>> = {
  info: 'accent',
  success: 'good',
  warning: 'warn',
  error: 'bad',
};

/** The signs of one-line messages, so that both forms of a message look alike. */
function iconOf(variant: Variant): string {
  return variant === 'info' ? 'i' : signOf(tones[variant]).trim();
}

/** @inkjs/ui in the console's tones. With NO_COLOR bold and inverse carry the status. */
export function uiTheme(theme: Theme): UiStyles {
  const icon = {
    styles: { icon: ({ variant }: { variant: Variant }) => textProps(theme, tones[variant]) },
    config: ({ variant }: { variant: Variant }) => ({ icon: drawn(theme, iconOf(variant)) }),
  };
  return extendTheme(defaultTheme, {
    components: {
      StatusMessage: icon,
      Alert: {
        ...icon,
        styles: {
          ...icon.styles,
          container: ({ variant }: { variant: Variant }): BoxProps => ({
            flexGrow: 1,
            gap: 1,
            paddingX: 1,
            borderStyle: theme.ascii ? 'classic' : 'round',
            borderColor: textProps(theme, tones[variant]).color,
          }),
          message: (): TextProps => ({ bold: theme.palette === null }),
        },
      },
      Badge: {
        styles: {
          container: ({ color }: { color: string }): TextProps => ({
            color: isHue(color) ? colorOf(theme, color) : undefined,
            bold: theme.palette === null,
            inverse: true,
          }),
          // Inverse already gives the contrast: black would be on a dark colour on white.
          label: (): TextProps => ({ color: undefined }),
        },
      },
      ProgressBar: {
        styles: { completed: (): TextProps => ({ color: colorOf(theme, 'cyan') }) },
        config: () => ({
          completedCharacter: drawn(theme, '█'),
          remainingCharacter: drawn(theme, '░'),
        }),
      },
      UnorderedList: { config: () => ({ marker: drawn(theme, '–') }) },
    },
  });
}

export function UiTheme({ theme, children }: { theme: Theme; children: ReactNode }) {
  const ui = useMemo(() => uiTheme(theme), [theme]);
  return <ThemeProvider theme={ui}>{children}</ThemeProvider>;
}
