import { Box, Text } from 'ink';
import { type ReactNode, useContext } from 'react';
import { readerLines, readerRows, runRows } from '../../console/layout.ts';
import type { State } from '../../console/state.ts';
import { toAscii } from '../../presentation/text/ascii.ts';
import { truncate } from '../../presentation/text/fitted.ts';
import { cardLines, cardTitle } from '../card-text.ts';
import { helpLines } from '../help-text.ts';
import { paletteLines } from '../palette-text.ts';
import { runLines } from '../plan-lines.ts';
import { unlockLines } from '../unlock-text.ts';
import { Lines } from '../widgets/line.tsx';
import { cut, type Line } from '../widgets/spans.ts';
import { colorOf, usualAccent } from '../widgets/theme.ts';
import { ThemeContext } from '../widgets/theme-context.tsx';

/** The open dialog in the middle of the screen's rows, of which it replaces as many as it needs. */
export function DialogBox({ state, rows }: { state: State; rows: readonly ReactNode[] }) {
  const box = boxOf(state, rows.length);
  if (box === null) return rows;
  return (
    <>
      {rows.slice(0, box.above)}
      <Frame title={box.title} width={box.width}>
        <Lines lines={box.lines} />
      </Frame>
      {rows.slice(box.above + box.lines.length + 2)}
    </>
  );
}

export function isBox({ overlay }: State): boolean {
  return overlay !== null && overlay.type !== 'filter';
}

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
