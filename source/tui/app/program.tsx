import type { ReadStream, WriteStream } from 'node:tty';
import chalk from 'chalk';
import { type Instance, render } from 'ink';
import type { State } from '../../console/state.ts';
import { PlaceholderContext, Placeholders } from '../terminal/placeholders.ts';
import type { Screen } from '../terminal/screen.ts';
import { sizeOf } from '../terminal/terminal.ts';
import { paletteOf, type Theme, usualAccent } from '../widgets/theme.ts';
import { App } from './app.tsx';

export type PictureOptions = {
  stdout: WriteStream;
  screen: Screen;
  ascii: boolean;
  color: boolean;
  onError: (error: unknown) => void;
};

export type Picture = {
  draw: (state: State) => void;
  close: () => void;
};

export function openPicture(options: PictureOptions): Picture {
  // Bold, dim and inverse are chalk's too: at level 0 it would leave them out.
  chalk.level = chalk.level === 0 ? 1 : chalk.level;
  const { ascii, color } = options;
  const placeholders = new Placeholders();
  let theme: Theme = { ascii, palette: null, accent: usualAccent };
  let ink: Instance | null = null;
  return {
    draw: (state) => {
      theme = themed(theme, state, color);
      const picture = (
        <PlaceholderContext value={placeholders}>
          <App state={state} theme={theme} />
        </PlaceholderContext>
      );
      if (ink !== null) return ink.rerender(picture);
      ink = render(picture, {
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

function themed(before: Theme, { options, light }: State, color: boolean): Theme {
  const accent = options.accent ?? usualAccent;
  const palette = color ? paletteOf(light, chalk.level) : null;
  const same = accent === before.accent && palette === before.palette;
  return same ? before : { ...before, accent, palette };
}

/** keyboard.ts reads the keys, not Ink. */
const noKeyboard = { isTTY: false } as ReadStream;

/** Ink's terminal: as wide as ours, never too low, and never resized unnoticed. */
function sinkOf(
  { stdout, screen }: PictureOptions,
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
