import type { ReactElement } from 'react';
import type { Overlay } from '../model/overlay.ts';
import { cardContents } from './card/lines.ts';
import { CardView } from './card/view.tsx';
import type { Contents, DialogProps } from './dialog.ts';
import { helpContents } from './finder/help.ts';
import { paletteContents } from './finder/palette.ts';
import { FinderView } from './finder/view.tsx';
import { readerContents } from './reader/lines.ts';
import { ReaderView } from './reader/view.tsx';
import { runContents } from './run/lines.ts';
import { RunView } from './run/view.tsx';
import { unlockContents } from './unlock/lines.ts';
import { UnlockView } from './unlock/view.tsx';

type OverlayOf<T extends Overlay['type']> = Extract<Overlay, { type: T }>;

export type Drawn = { title: string; rows: number; view: ReactElement };

export type Dialog<O extends Overlay> = {
  width: number;
  draw: (props: DialogProps<O>) => Drawn;
};

export const dialogs: { readonly [T in Overlay['type']]: Dialog<OverlayOf<T>> | null } = {
  card: dialog(104, cardContents, CardView),
  run: dialog(124, runContents, RunView),
  unlock: dialog(90, unlockContents, UnlockView),
  palette: dialog(124, paletteContents, FinderView),
  help: dialog(170, helpContents, FinderView),
  reader: dialog(124, readerContents, ReaderView),
  filter: null,
};

function dialog<O extends Overlay, C extends Contents>(
  width: number,
  contentsOf: (props: DialogProps<O>) => C,
  View: (contents: C) => ReactElement,
): Dialog<O> {
  return {
    width,
    draw: (props) => {
      const contents = contentsOf(props);
      return { title: contents.title, rows: contents.rows, view: <View {...contents} /> };
    },
  };
}
