import { Box, Text } from 'ink';
import { type ReactNode, useContext } from 'react';
import { truncate } from '../../presentation/text/fitted.ts';
import { dialogBorders } from '../model/layout.ts';
import type { Overlay } from '../model/overlay.ts';
import type { State } from '../model/state.ts';
import { colorOf, drawn, usualAccent } from '../widgets/theme.ts';
import { ThemeContext } from '../widgets/theme-context.tsx';
import { type Dialog, type Drawn, dialogs } from './table.tsx';

type FramedDialog = Drawn & {
  width: number;
  above: number;
  /** Lines of the screen that it covers: its rows and two borders. */
  covered: number;
};

const aroundRow = 4;

/** Nothing can be drawn over a line: the caller leaves out those that the dialog covers. */
export function framedDialog(state: State, room: number): FramedDialog | null {
  const { overlay, size } = state;
  const dialog = overlay && (dialogs[overlay.type] as Dialog<Overlay> | null);
  if (overlay === null || dialog === null) return null;
  const width = Math.min(size.columns - 2, dialog.width);
  const inside = { state, overlay, width: width - aroundRow, height: room - dialogBorders };
  const box = dialog.draw(inside);
  const covered = box.rows + dialogBorders;
  return { ...box, width, above: Math.max(0, Math.floor((room - covered) / 2)), covered };
}

type BoxedProps = { state: State; rows: readonly ReactNode[]; room: number };

export function DialogBox({ state, rows, room }: BoxedProps) {
  const dialog = framedDialog(state, room);
  if (dialog === null) return rows;
  return (
    <>
      {rows.slice(0, dialog.above)}
      <DialogFrame dialog={dialog} />
      {rows.slice(dialog.above + dialog.covered, room)}
    </>
  );
}

/** Whether a dialog is open that is drawn as a box; the filter is a field of the screen. */
export function isBox({ overlay }: State): boolean {
  return overlay !== null && dialogs[overlay.type] !== null;
}

export function DialogFrame({ dialog: { title, width, view } }: { dialog: FramedDialog }) {
  const theme = useContext(ThemeContext);
  const heading = truncate(` ${title} `, width - aroundRow);
  return (
    <Box flexDirection="column" marginLeft={1} width={width} flexShrink={0}>
      <Box
        flexDirection="column"
        borderStyle={theme.ascii ? 'classic' : 'round'}
        borderColor={colorOf(theme, usualAccent)}
        paddingX={1}
        width={width}
      >
        {view}
      </Box>
      <Box position="absolute" marginLeft={2}>
        <Text bold>{drawn(theme, heading)}</Text>
      </Box>
    </Box>
  );
}
