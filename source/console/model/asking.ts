import type { DataEffect, Effect } from './effects.ts';
import type { Asker, Question, State, Step } from './state.ts';

/** An answer later than this is shown as missing. */
export const silenceMs = 3000;

/** `many`: may have several questions in flight. `quiet`: the screen does not show its delay. */
const askers: Readonly<Record<Asker, { many?: true; quiet?: true }>> = {
  jobs: {},
  job: {},
  board: {},
  reader: {},
  report: {},
  find: {},
  context: {},
  act: { many: true, quiet: true },
  card: { many: true, quiet: true },
  forecast: { quiet: true },
  plan: { quiet: true },
  run: { quiet: true },
  watch: { quiet: true },
  alerts: { quiet: true },
  verify: { quiet: true },
  bells: { quiet: true },
  dialogs: { quiet: true },
  pane: { quiet: true },
  tenants: { quiet: true },
};

export function asked({ asking }: State, asker: Asker): Question | null {
  return asking.find((one) => one.asker === asker) ?? null;
}

export function ask(
  state: State,
  asker: Asker,
  effect: DataEffect,
  id: string | null = 'id' in effect ? effect.id : null,
): Step {
  const { many, quiet } = askers[asker];
  if (!many && asked(state, asker) !== null) return [state, []];
  const request = state.next_request;
  const question: Question = { asker, request, asked_at: state.at, id };
  const effects: Effect[] = [{ type: 'data', request, effect }];
  if (!quiet) effects.push({ type: 'timer', name: 'clock', after_ms: silenceMs });
  return [{ ...state, next_request: request + 1, asking: [...state.asking, question] }, effects];
}

export function unasked(state: State, ...askers: readonly Asker[]): State {
  const asking = state.asking.filter(({ asker }) => !askers.includes(asker));
  return asking.length === state.asking.length ? state : { ...state, asking };
}

/** The question that a request belongs to, and the state without it; null if none waits for it. */
export function taken(state: State, request: number): [Question, State] | null {
  const question = state.asking.find((one) => one.request === request);
  if (question === undefined) return null;
  return [question, { ...state, asking: state.asking.filter((one) => one !== question) }];
}

export function chain([state, effects]: Step, then: (state: State) => Step): Step {
  const [next, more] = then(state);
  return more.length === 0 ? [next, effects] : [next, [...effects, ...more]];
}
