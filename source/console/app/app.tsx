import type { ComponentType } from 'react';
import type { ScreenName, State } from '../model/state.ts';
import { ConsoleContext, type Shown, useConsole } from '../model/use-console.tsx';
import { BoardView } from '../screens/board/view.tsx';
import { JobView } from '../screens/job/view.tsx';
import { JobsView } from '../screens/jobs/view.tsx';
import type { Theme } from '../widgets/theme.ts';
import { ThemeContext } from '../widgets/theme-context.tsx';
import { UiTheme } from '../widgets/ui-theme.tsx';

const views: Readonly<Record<ScreenName, ComponentType>> = {
  jobs: JobsView,
  job: JobView,
  triage: () => <BoardView name="triage" />,
  check: () => <BoardView name="check" />,
  risk: () => <BoardView name="risk" />,
  executors: () => <BoardView name="executors" />,
  alerts: () => <BoardView name="alerts" />,
  events: () => <BoardView name="events" />,
};

export function App({ shown, themeOf }: { shown: Shown; themeOf: (state: State) => Theme }) {
  return (
    <ConsoleContext value={shown}>
      <Themed themeOf={themeOf} />
    </ConsoleContext>
  );
}

function Themed({ themeOf }: { themeOf: (state: State) => Theme }) {
  const theme = useConsole(themeOf);
  return (
    <ThemeContext value={theme}>
      <UiTheme theme={theme}>
        <PresentScreen />
      </UiTheme>
    </ThemeContext>
  );
}

function PresentScreen() {
  const View = useConsole(({ screen, job }) =>
    screen === 'job' && job === null ? views.jobs : views[screen],
  );
  return <View />;
}
