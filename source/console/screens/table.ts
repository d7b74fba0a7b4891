import { scrolledReader } from '../dialogs/reader/state.ts';
import type { ScreenName, State } from '../model/state.ts';
import type { Motion } from '../widgets/list.ts';
import { boardScreen } from './board/screen.ts';
import type { Screen } from './contract.ts';
import { jobScreen } from './job/screen.ts';
import { jobsScreen, jobsWindowed } from './jobs/screen.ts';

const screens: Readonly<Record<ScreenName, Screen>> = {
  jobs: jobsScreen,
  job: jobScreen,
  triage: boardScreen('triage'),
  check: boardScreen('check'),
  risk: boardScreen('risk'),
  executors: boardScreen('executors'),
  alerts: boardScreen('alerts'),
  events: boardScreen('events'),
};

export function screenOf({ screen }: State): Screen {
  return screens[screen];
}

export function move(state: State, motion: Motion): State {
  const { overlay } = state;
  return overlay?.type === 'reader'
    ? scrolledReader(state, overlay, motion)
    : screenOf(state).move(state, motion);
}

export function withWindow(state: State): State {
  const kept = jobsWindowed(state);
  return screenOf(state).windowed?.(kept) ?? kept;
}
