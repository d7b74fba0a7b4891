import type { State } from '../../source/console/state.ts';
import { App } from '../../source/tui/app/app.tsx';
import { plainTheme, type Theme } from '../../source/tui/widgets/theme.ts';

/** The console as it is drawn in this state. */
export function ConsoleApp({ state, theme = plainTheme }: { state: State; theme?: Theme }) {
  const shown = { getSnapshot: () => state, subscribe: () => () => {} };
  return <App shown={shown} themeOf={() => theme} />;
}
