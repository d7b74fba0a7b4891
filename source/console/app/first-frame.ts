import type { State } from '../model/state.ts';
import { jobsPicture } from '../screens/jobs/picture.ts';
import { styled } from '../widgets/styled.ts';
import type { Theme } from '../widgets/theme.ts';

export function hasFirstFrame({ jobs, link }: State): boolean {
  return jobs.list !== null || link.failure !== null;
}

/** The frame before Ink is loaded: the same cells as Ink's first. No dialog is open yet. */
export function firstFrame(state: State, theme: Theme): string {
  const { top, body, bottom } = jobsPicture(state);
  const rows = [...top, ...body, ...bottom].map((line) => styled(theme, line).text.trimEnd());
  return rows.join('\n');
}
