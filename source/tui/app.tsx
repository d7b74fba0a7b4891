import { Box, Text } from 'ink';
import { type ReactNode, useContext } from 'react';
import { linesOf, readerLines, readerRows, runRows } from '../console/layout.ts';
import { isStale } from '../console/link.ts';
import type { State } from '../console/state.ts';
import { toAscii } from '../presentation/text/ascii.ts';
import { truncate } from '../presentation/text/fitted.ts';
import { boardPicture } from './board-screen.ts';
import { cardLines, cardTitle } from './card-text.ts';
import { helpLines } from './help-text.ts';
import { jobPicture } from './job-screen.ts';
import { jobsPicture, type Picture } from './jobs-screen.ts';
import { Lines } from './lines.tsx';
import { paletteLines } from './palette-text.ts';
import { runLines } from './plan-lines.ts';
import { cut, type Line } from './spans.ts';
import { colorOf, type Theme, ThemeContext, usualAccent } from './theme.ts';
import { unlockLines } from './unlock-text.ts';

const pictures: Record<State['screen'], (state: State) => Picture> = {
  jobs: jobsPicture,
  job: (state) => (state.job === null ? jobsPicture(state) : jobPicture(state, state.job)),
  triage: (state) => boardPicture(state, 'triage'),
  check: (state) => boardPicture(state, 'check'),
  risk: (state) => boardPicture(state, 'risk'),
  executors: (state) => boardPicture(state, 'executors'),
  alerts: (state) => boardPicture(state, 'alerts'),
  events: (state) => boardPicture(state, 'events'),
};

/** Lines that an overlay needs; on a lower terminal it also covers the frame. */
const roomToRead = 16;

export function App({ state, theme }: { state: State; theme: Theme }) {
  const drawn = pictures[state.screen](state);
  const picture = isStale(state) ? { ...drawn, body: drawn.body.map(faded) } : drawn;
  const covered = isBox(state) && picture.body.length < roomToRead;
  const { top, body, bottom } = covered ? bare(picture, state) : picture;
  const box = boxOf(state, body.length);
  return (
    <ThemeContext value={theme}>
      <Box flexDirection="column" width={state.size.columns} height={linesOf(state.size)}>
        <Lines lines={top} />
        {box === null ? (
          <Lines lines={body} />
        ) : (
          <>
            <Lines lines={body.slice(0, box.above)} />
            <Frame title={box.title} width={box.width}>
              <Lines lines={box.lines} />
            </Frame>
            <Lines lines={body.slice(box.above + box.lines.length + 2)} />
          </>
        )}
        <Lines lines={bottom} />
      </Box>
    </ThemeContext>
  );
}

/** Old data is dimmed; reverse video (cursor, banner) stays. */
function faded(line: Line): Line {
  return line.map((piece) => (piece.inverse ? piece : { ...piece, tone: 'dim' as const }));
}

function isBox({ overlay }: State): boolean {
  return overlay !== null && overlay.type !== 'filter';
}

/**
 * An overlay leaves the line of keys; a dialog covers that too, because it names its keys itself.
 */
function bare({ top, body, bottom }: Picture, { overlay, size }: State): Picture {
  const kept = overlay?.type === 'card' || linesOf(size) < roomForKeys ? 0 : 1;
  const lines = [...top, ...body, ...bottom];
  return {
    top: [],
    body: lines.slice(0, lines.length - kept),
    bottom: lines.slice(lines.length - kept),
  };
}

const roomForKeys = 8;

type FramedBox = { title: string; lines: Line[]; width: number; above: number };

function boxOf(state: State, room: number): FramedBox | null {
  const { overlay } = state;
  const { columns } = state.size;
  const framed = (title: string, lines: readonly Line[], width: number): FramedBox => {
    const shown = lines.slice(0, Math.max(1, room - 2)).map((line) => cut(line, width - 4));
    const above = Math.max(0, Math.floor((room - shown.length - 2) / 2));
    return { title, lines: shown.map((line) => (line.length === 0 ? [] : line)), width, above };
  };
  switch (overlay?.type) {
    case 'card': {
      const width = Math.min(columns - 2, 104);
      return framed(cardTitle(overlay), cardLines(state, overlay, width - 4, room - 2), width);
    }
    case 'run': {
      const width = Math.min(columns - 2, 124);
      const rows = Math.min(runRows(state.size), Math.max(1, room - 4));
      return framed('Run', runLines(state, overlay.top, width - 4, rows), width);
    }
    case 'unlock': {
      const width = Math.min(columns - 2, 90);
      return framed('Unlock', unlockLines(state, overlay, width - 4), width);
    }
    case 'palette': {
      const width = Math.min(columns - 2, 124);
      return framed('Palette', paletteLines(state, overlay, width - 4, room - 2), width);
    }
    case 'help': {
      const width = Math.min(columns - 2, 124);
      return framed('Keys', helpLines(state, overlay, width - 4, room - 2), width);
    }
    case 'reader': {
      const all = readerLines(overlay, state.size);
      const rows = Math.min(readerRows(state.size), Math.max(1, room - 2));
      const lines = all.slice(overlay.top, overlay.top + rows);
      const width = Math.min(columns - 2, 124);
      return framed(
        all.length > rows
          ? `${overlay.title} (${overlay.top + 1}–${overlay.top + lines.length} of ${all.length} lines)`
          : overlay.title,
        lines.map((text) => [{ text, tone: 'plain' as const }]),
        width,
      );
    }
    default:
      return null;
  }
}

function Frame({ title, width, children }: { title: string; width: number; children: ReactNode }) {
  const theme = useContext(ThemeContext);
  const { ascii } = theme;
  const heading = truncate(` ${title} `, width - 4);
  return (
    <Box flexDirection="column" marginLeft={1} width={width} flexShrink={0}>
      <Box
        flexDirection="column"
        borderStyle={ascii ? 'classic' : 'round'}
        borderColor={colorOf(theme, usualAccent)}
        paddingX={1}
        width={width}
      >
        {children}
      </Box>
      <Box position="absolute" marginLeft={2}>
        <Text bold>{ascii ? toAscii(heading) : heading}</Text>
      </Box>
    </Box>
  );
}
