import { renderToString } from 'ink';
import { jobLayout } from '../../source/console/model/layout.ts';
import type { JobScreen, State } from '../../source/console/model/state.ts';
import { type Line, span } from '../../source/console/widgets/spans.ts';
import { ConsoleApp } from './console-app.tsx';

/** The rows of the job screen between header and note, as drawn. */
export function jobPicture(state: State, job: JobScreen): { body: Line[] } {
  const shown = renderToString(<ConsoleApp state={state} />, { columns: state.size.columns });
  const above = jobLayout(state, job).header ? 1 : 0;
  const rows = shown.split('\n').slice(above);
  return { body: rows.map((text) => [span(text)]) };
}
