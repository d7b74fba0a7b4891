import { bellsAnswered, readBells } from './bells.ts';
import { cardAnswered, fieldOf } from './card.ts';
import { cardKey, cardPaste } from './card-keys.ts';
import { contextAnswered, lock } from './context.ts';
import type { DataAnswer } from './effects.ts';
import { startVerifying, verified, verify } from './explain.ts';
import { filterKey, filterPaste } from './filter-field.ts';
import { findAnswered } from './find-job.ts';
import { actionAnswered, actionFailed, watch, watched, watchFailed } from './follow.ts';
import { helpKey, helpPaste } from './help.ts';
import { bindingFor, runBinding, whereElse } from './keymap.ts';
import { ignoredTyping, isReadingForCard } from './late-typing.ts';
import { runRows } from './layout.ts';
import {
  alertsAnswered,
  askAlerts,
  askCounts,
  boardLoaded,
  clockTicked,
  countsFailed,
  jobLoaded,
  listLoaded,
  loadFailed,
  presentView,
  refresh,
  refreshNow,
  seek,
  viewOf,
} from './loading.ts';
import type { Message, MessageOf } from './messages.ts';
import { withWindow } from './moves.ts';
import { noticed, noticePassed } from './notice.ts';
import { announceDialog, dialogsAnswered, renew } from './other-dialogs.ts';
import { paletteKey, palettePaste, tenantsAnswered } from './palette.ts';
import { askPane, askPaneAgain, paneAnswered, withPane } from './pane.ts';
import { planAnswered } from './planning.ts';
import { readerAnswered } from './reading.ts';
import { reportAnswered } from './reports.ts';
import { runAnswered, runKey } from './run.ts';
import type { State, Step } from './state.ts';
import { unlockKey, unlockPaste } from './unlock.ts';

type Handlers = { [T in Message['type']]: (state: State, message: MessageOf<T>) => Step };

const handlers: Handlers = {
  started: (state) => chain(chain(refresh(state), askAlerts), askCounts),
  key: keyPressed,
  flood: flooded,
  paste: pasted,
  resized: (state, { size }) => [{ ...state, size }, []],
  answered: (state, { request, answer }) => answered(state, request, answer),
  timer: (state, { name }) => timers[name](state),
  painted: painted,
  woken: refreshNow,
  background: (state, { light }) => [{ ...state, light: state.options.light ?? light }, []],
};

const timers = {
  refresh,
  watch,
  clock: clockTicked,
  notice: noticePassed,
  alerts: askAlerts,
  counts: askCounts,
  verify,
  unlock: lock,
  bells: readBells,
  dialogs: renew,
  pane: askPane,
} as const;

/** The whole console: a message in, state and effects out. Pure and total. */
export function update(state: State, message: Message): Step {
  const handler = handlers[message.type] as (state: State, message: Message) => Step;
  const [next, effects] = announceDialog(
    startVerifying(handler({ ...state, at: message.at }, message)),
  );
  const shown = withWindow(next);
  const step = withPane([shown, effects]);
  if (!byHand.includes(message.type)) return step;
  const moved = shown.jobs.cursor !== state.jobs.cursor;
  return chain(step, (after) => seek(after, moved));
}

/** After these the operator may want to see jobs that are not loaded. */
const byHand: readonly Message['type'][] = ['key', 'paste', 'flood', 'resized'];

function keyPressed(state: State, pressed: MessageOf<'key'>): Step {
  const { key, text, alone } = pressed;
  const binding = bindingFor(state, key);
  if (binding?.always) return runBinding(state, binding);
  const { overlay } = state;
  const onward = overlay === null || overlay.type === 'run' ? ignoredTyping(state, pressed) : null;
  if (onward !== null) return onward;
  if (overlay === null && text !== null && isReadingForCard(state))
    return noticed(state, 'loading the jobs for a dialog: Esc cancels');
  switch (overlay?.type) {
    case 'card':
      return cardKey(state, overlay, { key, text, alone });
    case 'run':
      return runKey(state, overlay.top, { key, rows: runRows(state.size) });
    case 'help':
      return helpKey(state, overlay, key, text);
    case 'unlock':
      return unlockKey(state, overlay, { key, text, alone });
    case 'palette':
      return paletteKey(state, overlay, key, text);
    case 'filter':
      return filterKey(state, overlay, key, text);
    default:
      return binding === null ? unbound(state, key) : runBinding(state, binding);
  }
}

function unbound(state: State, key: string): Step {
  const elsewhere = state.overlay === null ? whereElse(state, key) : null;
  return elsewhere === null ? [state, []] : noticed(state, elsewhere);
}

/** A flood is typing while it goes into text fields; the rest is dropped. */
function flooded(state: State, { keys }: MessageOf<'flood'>): Step {
  let step: Step = [state, []];
  for (const key of keys) {
    if (!isTyping(step[0]) || wouldRun(step[0], key)) break;
    step = chain(step, (next) => keyPressed(next, key));
  }
  return step;
}

function isTyping({ overlay }: State): boolean {
  if (overlay?.type === 'card') return fieldOf(overlay) !== null;
  if (overlay?.type === 'unlock') return overlay.focus === 'check';
  return overlay !== null && ['filter', 'help', 'palette'].includes(overlay.type);
}

/** An Enter inside a flood was not pressed alone, and runs nothing. */
function wouldRun({ overlay }: State, { key }: { key: string }): boolean {
  return key === 'enter' && (overlay?.type === 'help' || overlay?.type === 'palette');
}

/** Pasted text never reaches key handlers: it goes into a field, or nowhere. */
function pasted(state: State, { text }: MessageOf<'paste'>): Step {
  const { overlay } = state;
  switch (overlay?.type) {
    case 'card':
      return cardPaste(state, overlay, text);
    case 'help':
      return helpPaste(state, overlay, text);
    case 'unlock':
      return unlockPaste(state, overlay, text);
    case 'palette':
      return palettePaste(state, overlay, text);
    case 'filter':
      return filterPaste(state, overlay, text);
    default:
      return [state, []];
  }
}

function painted(state: State, { token, at }: MessageOf<'painted'>): Step {
  const { overlay } = state;
  if (overlay?.type === 'unlock' && overlay.token === token)
    return [{ ...state, overlay: { ...overlay, painted_at: at } }, []];
  if (overlay?.type !== 'card' || overlay.token !== token) return [state, []];
  return [{ ...state, overlay: { ...overlay, painted_at: at } }, []];
}

/** An answer that no question waits for is dropped. */
function answered(state: State, request: number, answer: DataAnswer): Step {
  const follow = state.follows.find((one) => one.request === request && one.phase === 'sent');
  if (follow !== undefined) {
    if (answer.type === 'acted')
      return chain(actionAnswered(state, follow, answer.result), refresh);
    return answer.type === 'failure' ? actionFailed(state, follow, answer.failure) : [state, []];
  }
  if (state.overlay?.type === 'card' && state.overlay.token === request)
    return cardAnswered(state, state.overlay, answer);
  if (state.planning?.request === request) return planAnswered(state, answer);
  if (state.run?.request === request) return runAnswered(state, answer);
  const view = viewOf(state, request);
  if (view === null) return [state, []];
  if (view === 'watch') return watchAnswered(state, answer);
  if (view === 'verify') return verified(state, answer);
  if (view === 'alerts') return alertsAnswered(state, answer);
  if (view === 'reader') return readerAnswered(state, answer);
  if (view === 'report') return reportAnswered(state, answer);
  if (view === 'bells') return bellsAnswered(state, answer);
  if (view === 'dialogs') return dialogsAnswered(state, answer);
  if (view === 'tenants') return tenantsAnswered(state, answer);
  if (view === 'pane') return paneAnswered(state, answer);
  if (view === 'context') return contextAnswered(state, answer);
  if (view === 'find') return findAnswered(state, answer);
  if (answer.type === 'jobs') return chain(listLoaded(state, answer.list), askPaneAgain);
  if (answer.type === 'job') return jobLoaded(state, answer.detail);
  if (answer.type === 'board') return boardLoaded(state, answer);
  if (answer.type !== 'failure') return [state, []];
  if (view === 'jobs' && presentView(state) !== 'jobs') return countsFailed(state);
  return loadFailed(state, view, answer.failure);
}

function watchAnswered(state: State, answer: DataAnswer): Step {
  const id = state.asked.watch?.id ?? '';
  const free = { ...state, asked: { ...state.asked, watch: null } };
  if (answer.type === 'job') return watched(free, answer.detail.job, answer.of_keys ?? {});
  return answer.type === 'failure' ? watchFailed(free, id, answer.failure) : [free, []];
}

function chain([state, effects]: Step, then: (state: State) => Step): Step {
  const [next, more] = then(state);
  return [next, [...effects, ...more]];
}
