import { Box } from 'ink';
import { linesOf } from '../../console/layout.ts';
import { isStale } from '../../console/loading.ts';
import type { State } from '../../console/state.ts';
import { DialogBox, isBox } from '../dialogs/dialog-box.tsx';
import { boardPicture } from '../screens/board/rows.ts';
import { jobPicture } from '../screens/job/rows.ts';
import { jobsPicture, type Picture } from '../screens/jobs/rows.ts';
import { Lines, Row } from '../widgets/line.tsx';
import type { Line } from '../widgets/spans.ts';
import { type Theme, ThemeContext } from '../widgets/theme.ts';

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
  return (
    <ThemeContext value={theme}>
      <Box flexDirection="column" width={state.size.columns} height={linesOf(state.size)}>
        <Lines lines={top} />
        <DialogBox state={state} rows={body.map(row)} />
        <Lines lines={bottom} />
      </Box>
    </ThemeContext>
  );
}

function row(line: Line, index: number) {
  return <Row key={index} line={line} />;
}

/** Old data is dimmed; reverse video (cursor, banner) stays. */
function faded(line: Line): Line {
  return line.map((piece) => (piece.inverse ? piece : { ...piece, tone: 'dim' as const }));
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
