import { App } from '../../source/console/app/app.tsx';
import type { State } from '../../source/console/model/state.ts';
import { plainTheme, type Theme } from '../../source/console/widgets/theme.ts';

/** The console as it is drawn in this state. */
export function ConsoleApp({ state, theme = plainTheme }: { state: State; theme?: Theme }) {
  const shown = { getSnapshot: () => state, subscribe: () => () => {} };
  return <App shown={shown} themeOf={() => theme} />;
}
