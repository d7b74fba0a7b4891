import { defaultTheme, extendTheme } from '@inkjs/ui';
import { toAscii } from '../../presentation/text/ascii.ts';
import { signOf, type Tone } from '../../presentation/text/tone.ts';
import { type Theme, textProps } from './theme.ts';

export const variants = { success: 'good', error: 'bad', warning: 'warn', info: 'accent' } as const;
export type Variant = keyof typeof variants;

/** Tones by the colours that a `<Badge>` is given. */
const badgeTones: Readonly<Record<string, Tone>> = { yellow: 'warn', red: 'bad', green: 'good' };

/** The components of @inkjs/ui in our tones: reverse video and signs remain without colours. */
export function uiTheme(theme: Theme) {
  const style = (tone: Tone) => textProps(theme, tone);
  const sign = (tone: Tone) => (theme.ascii ? toAscii(signOf(tone)) : signOf(tone)).trim();
  return extendTheme(defaultTheme, {
    components: {
      Badge: {
        styles: {
          container: ({ color = '' }: { color?: string }) => ({
            ...style(badgeTones[color] ?? 'plain'),
            inverse: true,
          }),
          label: () => ({}),
        },
      },
      StatusMessage: {
        styles: { icon: ({ variant }: { variant: Variant }) => style(variants[variant]) },
        config: ({ variant }: { variant: Variant }) => ({ icon: sign(variants[variant]) || '·' }),
      },
    },
  });
}
