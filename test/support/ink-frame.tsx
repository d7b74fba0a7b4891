import { render } from 'ink';
import type { State } from '../../source/console/model/state.ts';
import { type Expanded, Placeholders } from '../../source/console/terminal/placeholders.ts';
import { PlaceholderContext } from '../../source/console/widgets/line.tsx';
import type { Theme } from '../../source/console/widgets/theme.ts';
import { ConsoleApp } from './console-app.tsx';

type InkFrame = { laidOut: string } & Expanded;

/** The frame that the console writes: as Ink lays it out, and with its lines restored. */
export function inkFrame(state: State, theme: Theme): InkFrame {
  const placeholders = new Placeholders();
  const frames: InkFrame[] = [];
  const sink = {
    columns: state.size.columns,
    rows: 1000,
    // Before the lines are unmounted and release their placeholders.
    write: (frame: string) => frames.push({ laidOut: frame, ...placeholders.expand(frame) }),
    on: () => {},
    off: () => {},
  } as unknown as NodeJS.WriteStream;
  const app = (
    <PlaceholderContext value={placeholders}>
      <ConsoleApp state={state} theme={theme} />
    </PlaceholderContext>
  );
  render(app, { stdout: sink, debug: true, patchConsole: false }).unmount();
  return frames[0]!;
}
