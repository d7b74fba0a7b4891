import type { ReadStream, WriteStream } from 'node:tty';
import { ProgressBar } from '@inkjs/ui';
import chalk from 'chalk';
import { Box, render, Text } from 'ink';
import { drawn, paletteOf, plainTheme, type Theme } from '../widgets/theme.ts';
import { UiTheme } from '../widgets/ui-theme.tsx';

export type StartBarOptions = { output: WriteStream; ascii: boolean; color: boolean };

export type StartBar = {
  /** Shows the line in place of the one before; false once closed. */
  say: (line: string) => boolean;
  advance: (done: number, all: number) => void;
  close: () => void;
};

const barWidth = 40;

export type StartProps = { text: string; done: number; all: number; theme: Theme };

export function Start({ text, done, all, theme }: StartProps) {
  return (
    <UiTheme theme={theme}>
      <Box flexDirection="column">
        <Text>{drawn(theme, text)}</Text>
        {done > 0 && (
          <Box width={barWidth} height={1}>
            <ProgressBar value={(done / all) * 100} />
          </Box>
        )}
      </Box>
    </UiTheme>
  );
}

export function openStartBar({ output, ascii, color }: StartBarOptions): StartBar {
  const palette = color ? paletteOf(false, chalk.level) : null;
  const theme = { ...plainTheme, ascii, palette };
  let shown = { text: '', done: 0, all: 1 };
  const ink = render(<Start {...shown} theme={theme} />, {
    stdout: output,
    // Keys are the console's: Ink reads none.
    stdin: { isTTY: false } as ReadStream,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  let open = true;
  const show = (change: Partial<typeof shown>) => {
    shown = { ...shown, ...change };
    if (open) ink.rerender(<Start {...shown} theme={theme} />);
  };
  return {
    say: (text) => {
      show({ text });
      return open;
    },
    advance: (done, all) => show({ done, all }),
    close: () => {
      if (open) ink.unmount();
      open = false;
    },
  };
}
