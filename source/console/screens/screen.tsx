import { Box } from 'ink';
import { Children, Fragment, isValidElement, type ReactNode } from 'react';
import { DialogBox, isBox } from '../dialogs/dialog-box.tsx';
import { linesOf } from '../model/layout.ts';
import { isStale } from '../model/link.ts';
import { useConsole } from '../model/use-console.tsx';
import { Line } from '../widgets/line.tsx';
import { faded, type Line as Spans } from '../widgets/spans.ts';

type ScreenProps = { top: ReactNode; children: ReactNode; bottom: ReactNode };

/** Rows that a dialog needs; on a lower terminal it also covers the frame. */
const roomToRead = 16;
/** On less than this it covers the line of keys too. */
const roomForKeys = 8;

/**
 * A screen: frame above, rows, frame below, each element of them one row of the terminal. A dialog
 * takes the place of rows, because nothing can lie over a `<Line>`.
 */
export function Screen({ top, children, bottom }: ScreenProps) {
  const state = useConsole();
  const { size, overlay } = state;
  const parts = { top: rowsIn(top), body: rowsIn(children), bottom: rowsIn(bottom) };
  const isCovered = isBox(state) && parts.body.length < roomToRead;
  // A dialog names its keys itself.
  const keys = overlay?.type === 'card' || linesOf(size) < roomForKeys ? 0 : 1;
  const shown = isCovered ? covered(parts, keys) : parts;
  return (
    <Box flexDirection="column" width={size.columns} height={linesOf(size)}>
      {shown.top}
      <DialogBox state={state} rows={shown.body} />
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

/** The elements of a fragment or list. */
function rowsIn(node: ReactNode): ReactNode[] {
  const isFragment = isValidElement<{ children?: ReactNode }>(node) && node.type === Fragment;
  return Children.toArray(isFragment ? node.props.children : node);
}

/** A row of a screen's body, dim while the data are old. */
export function Row({ spans }: { spans: Spans }) {
  return <Line spans={useConsole(isStale) ? faded(spans) : spans} />;
}

export function rowsOf(lines: readonly Spans[]): ReactNode[] {
  // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its row
  return lines.map((spans, row) => <Row key={row} spans={spans} />);
}
