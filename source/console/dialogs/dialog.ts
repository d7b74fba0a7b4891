import type { Overlay } from '../model/overlay.ts';
import type { State } from '../model/state.ts';
import { cut, type Line } from '../widgets/spans.ts';

export type DialogProps<O extends Overlay> = {
  state: State;
  overlay: O;
  width: number;
  height: number;
};

export type Contents = { title: string; width: number; rows: number };

/** Lines that fit into the frame: at least one, however low the terminal. */
export function within(lines: readonly Line[], width: number, height: number): Line[] {
  return lines.slice(0, Math.max(1, height)).map((line) => cut(line, width));
}
