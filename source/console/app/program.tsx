import type { ReadStream, WriteStream } from 'node:tty';
import chalk from 'chalk';
import { type Instance, render } from 'ink';
import type { State } from '../model/state.ts';
import type { Shown } from '../model/use-console.tsx';
import { Placeholders } from '../terminal/placeholders.ts';
import type { Screen } from '../terminal/screen.ts';
import { sizeOf } from '../terminal/terminal.ts';
import { PlaceholderContext } from '../widgets/line.tsx';
import type { Theme } from '../widgets/theme.ts';
import { App } from './app.tsx';

export type ProgramOptions = {
  stdout: WriteStream;
  screen: Screen;
  shown: Shown;
  themeOf: (state: State) => Theme;
  onError: (error: unknown) => void;
};

export type Program = {
  /** Writes the present frame to the screen, before it returns. */
  draw: () => void;
  close: () => void;
};

export function openProgram(options: ProgramOptions): Program {
  // Bold, dim and inverse are chalk's too: at level 0 it would leave them out.
  chalk.level = chalk.level === 0 ? 1 : chalk.level;
  const { shown, themeOf } = options;
  const placeholders = new Placeholders();
  const app = (
    <PlaceholderContext value={placeholders}>
      <App shown={shown} themeOf={themeOf} />
    </PlaceholderContext>
  );
  let ink: Instance | null = null;
  return {
    draw: () => {
      // The same element: only what has changed of its state is drawn again.
      if (ink !== null) return ink.rerender(app);
      ink = render(app, {
        stdin: noKeyboard,
        stdout: sinkOf(options, placeholders),
        // Each frame is written whole to our sink, which compares it with the screen.
        debug: true,
        exitOnCtrlC: false,
        patchConsole: false,
        isScreenReaderEnabled: false,
      });
      ink.waitUntilExit().catch(options.onError);
    },
    close: () => ink?.unmount(),
  };
}

/** keyboard.ts reads the keys, not Ink. */
const noKeyboard = { isTTY: false } as ReadStream;

/** Ink's terminal: as wide as ours, never too low, and never resized unnoticed. */
function sinkOf(
  { stdout, screen }: ProgramOptions,
  placeholders: Placeholders,
): NodeJS.WriteStream {
  const sink = {
    get columns() {
      return sizeOf(stdout).columns;
    },
    rows: Number.MAX_SAFE_INTEGER,
    write: (frame: string) => {
      if (frame !== '') {
        const { frame: shown, caret } = placeholders.expand(frame);
        screen.draw(shown, caret);
      }
      return true;
    },
    on: () => sink,
    off: () => sink,
  };
  return sink as unknown as NodeJS.WriteStream;
}
