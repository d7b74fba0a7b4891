import { ThemeProvider } from '@inkjs/ui';
import { type ReactNode, useMemo } from 'react';
import type { Theme } from './theme.ts';
import { uiTheme } from './ui-theme.ts';

/** Our theme for the components of @inkjs/ui. */
export function UiThemeProvider({ theme, children }: { theme: Theme; children: ReactNode }) {
  const ui = useMemo(() => uiTheme(theme), [theme]);
  return <ThemeProvider theme={ui}>{children}</ThemeProvider>;
}
