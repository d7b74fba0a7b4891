import { Box } from 'ink';
import { Children, Fragment, isValidElement, type ReactNode } from 'react';
import { DialogBox, isBox } from '../dialogs/dialog-box.tsx';
import { dialogRoom, linesOf } from '../model/layout.ts';
import { isStale } from '../model/link.ts';
import { useConsole } from '../model/use-console.tsx';
import { Line } from '../widgets/line.tsx';
import { faded, type Line as Spans } from '../widgets/spans.ts';

type ScreenProps = { top: ReactNode; children: ReactNode; bottom: ReactNode };

/** Each element is one row; a dialog replaces rows, because nothing can lie over a `<Line>`. */
export function Screen({ top, children, bottom }: ScreenProps) {
  const state = useConsole();
  const { size } = state;
  const room = isBox(state) ? dialogRoom(state) : null;
  const parts = { top: rowsIn(top), body: rowsIn(children), bottom: rowsIn(bottom) };
  const below = room?.below ?? null;
  const shown = below === null ? parts : covered(parts, below);
  return (
    <Box flexDirection="column" width={size.columns} height={linesOf(size)}>
      {shown.top}
      {room === null ? shown.body : <DialogBox state={state} rows={shown.body} room={room.rows} />}
      {shown.bottom}
    </Box>
  );
}

type Parts = { top: ReactNode[]; body: ReactNode[]; bottom: ReactNode[] };

function covered({ top, body, bottom }: Parts, kept: number): Parts {
  const rows = Children.toArray([top, body, bottom]);
  const end = rows.length - kept;
  return { top: [], body: rows.slice(0, end), bottom: rows.slice(end) };
}

function rowsIn(node: ReactNode): ReactNode[] {
  const isFragment = isValidElement<{ children?: ReactNode }>(node) && node.type === Fragment;
  return Children.toArray(isFragment ? node.props.children : node);
}

export function Row({ spans }: { spans: Spans }) {
  return <Line spans={useConsole(isStale) ? faded(spans) : spans} />;
}

export function rowsOf(lines: readonly Spans[]): ReactNode[] {
  // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its row
  return lines.map((spans, row) => <Row key={row} spans={spans} />);
}
