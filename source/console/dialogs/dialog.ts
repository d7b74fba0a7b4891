import type { Overlay } from '../model/overlay.ts';
import type { State } from '../model/state.ts';
import { cut, type Line } from '../widgets/spans.ts';

/** An open dialog and the room inside its frame. */
export type DialogProps<O extends Overlay> = {
  state: State;
  overlay: O;
  width: number;
  height: number;
};

/** What a dialog's view shows; the rows are known before it is drawn. */
export type Contents = { title: string; width: number; rows: number };

/** Lines that fit into the frame: at least one, however low the terminal. */
export function within(lines: readonly Line[], width: number, height: number): Line[] {
  return lines.slice(0, Math.max(1, height)).map((line) => cut(line, width));
}
