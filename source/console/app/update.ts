import { askAlerts, askCounts } from '../background/alerts.ts';
import { readBells } from '../background/bells.ts';
import { watch } from '../background/follow.ts';
import { lock } from '../background/place.ts';
import { announceDialog, renew } from '../background/presence.ts';
import { startVerifying, verify } from '../background/verify.ts';
import { askForecast } from '../dialogs/card/asked-forecast.ts';
import { dialogOf } from '../dialogs/keys.ts';
import { chain, taken } from '../model/asking.ts';
import { bindingFor, runBinding, whereElse } from '../model/binding.ts';
import { ignoredTyping, isReadingForCard } from '../model/late-typing.ts';
import type { Message, MessageOf } from '../model/messages.ts';
import { noticed, noticePassed } from '../model/notice.ts';
import type { State, Step } from '../model/state.ts';
import { askPane, withPane } from '../screens/jobs/pane-loading.ts';
import { clockTicked, refresh, refreshNow, seek } from '../screens/loading.ts';
import { move, withWindow } from '../screens/table.ts';
import { answers } from './answers.ts';

type Handlers = { [T in Message['type']]: (state: State, message: MessageOf<T>) => Step };

const handlers: Handlers = {
  started: (state) => chain(chain(refresh(state), askAlerts), askCounts),
  key: keyPressed,
  flood: flooded,
  paste: (state, { text }) => {
    const { overlay } = state;
    // Pasted text never reaches key handlers: it goes into a field, or nowhere.
    const pasted = overlay && dialogOf(state)?.paste?.(state, overlay, text);
    return pasted ?? [state, []];
  },
  resized: (state, { size }) => [{ ...state, size }, []],
  answered: (state, { request, answer }) => {
    const found = taken(state, request);
    if (found === null) return [state, []];
    const [question, free] = found;
    return answers[question.asker](free, answer, question);
  },
  timer: (state, { name }) => timers[name](state),
  painted: (state, { token, at }) => {
    const { overlay } = state;
    const mine = overlay !== null && 'token' in overlay && overlay.token === token;
    return [mine ? { ...state, overlay: { ...overlay, painted_at: at } } : state, []];
  },
  command: (state, { run }) => run(state),
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
  const [next, effects] = askForecast(
    announceDialog(startVerifying(handler({ ...state, at: message.at }, message))),
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
  const { key, text } = pressed;
  const { overlay } = state;
  const binding = bindingFor(state, key);
  if (binding?.always) return runBinding(state, binding);
  const dialog = dialogOf(state);
  const listens = dialog === null || dialog.opened_by_letter;
  const ignored = listens ? ignoredTyping(state, pressed) : null;
  if (ignored !== null) return ignored;
  if (overlay === null && text !== null && isReadingForCard(state))
    return noticed(state, 'loading the jobs for a dialog: Esc cancels');
  const step = overlay && dialog !== null ? dialog.key(state, overlay, pressed) : null;
  if (typeof step === 'string') return [move(state, step), []];
  return step ?? (binding === null ? unbound(state, key) : runBinding(state, binding));
}

function unbound(state: State, key: string): Step {
  const elsewhere = state.overlay === null ? whereElse(state, key) : null;
  return elsewhere === null ? [state, []] : noticed(state, elsewhere);
}

/** A flood is typing while it goes into text fields; the rest is dropped. */
function flooded(state: State, { keys }: MessageOf<'flood'>): Step {
  let step: Step = [state, []];
  for (const key of keys) {
    const [now] = step;
    const dialog = dialogOf(now);
    if (!dialog?.isText?.(now.overlay!) || (dialog.runs && key.key === 'enter')) break;
    step = chain(step, (next) => keyPressed(next, key));
  }
  return step;
}
