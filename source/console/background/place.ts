import { safeText } from '../../presentation/text/safe-text.ts';
import { ask, asked } from '../model/asking.ts';
import type { ContextTarget, ContextView, DataAnswer, Labels } from '../model/effects.ts';
import { noticed } from '../model/notice.ts';
import { whyRunOpen } from '../model/run-items.ts';
import { initialState, type State, type Step } from '../model/state.ts';
import { whyUnanswered } from './follow.ts';

export function whyNoSwitch(state: State): string | null {
  if (state.opening !== null) return `opening ${state.opening}`;
  if (asked(state, 'context') !== null) return 'the previous answer is still awaited';
  return whyRunOpen(state) ?? whyUnanswered(state);
}

function nameOf(to: ContextTarget, { home }: State): string {
  if ('home' in to) return contextName(home);
  return 'context' in to ? `context ${to.context}` : `tenant ${to.tenant}`;
}

/** `prod / acme`; without a context the database's name. */
function contextName({ context, database, tenant }: Labels): string {
  return `${context ?? database} / ${tenant}`;
}

export function isHome({ home, options }: State): boolean {
  const { context, database, tenant } = options.labels;
  return home.context === context && home.database === database && home.tenant === tenant;
}

/** Opens another context. The screen stays as it is until that has succeeded. */
export function switchTo(state: State, to: ContextTarget): Step {
  const name = safeText(nameOf(to, state));
  return ask({ ...state, opening: name }, 'context', {
    type: 'open-context',
    to,
    context_number: state.context_number + 1,
  });
}

export function contextAnswered(state: State, answer: DataAnswer): Step {
  const free = { ...state, opening: null };
  if (answer.type === 'unlocked') return unlocked(free, answer.ms);
  if (answer.type !== 'failure') return [free, []];
  const { message, hint } = answer.failure;
  const why = safeText(hint === undefined ? message : `${message} — ${hint}`);
  const still = safeText(contextName(free.options.labels));
  return noticed(free, state.opening === null ? why : `still in ${still}: ${why}`, 'warn');
}

/** Request numbers continue, so that late answers are ignored. */
export function moved(state: State, view: ContextView): Step {
  const { options, size, at, interval_ms, next_request } = state;
  const fresh: State = {
    ...initialState({ ...options, ...view }),
    size,
    at,
    interval_ms,
    next_request,
    home: state.home,
    context_number: state.context_number + 1,
    screen: state.screen === 'job' || state.screen === 'check' ? 'jobs' : state.screen,
    tenants: [...new Set([...state.tenants, view.labels.tenant])],
  };
  return noticed(fresh, `switched to ${safeText(contextName(view.labels))}`);
}

function unlocked(state: State, ms: number): Step {
  const [next, effects] = noticed(
    { ...state, unlocked_until: state.at + ms },
    `unlocked for ${Math.round(ms / 60_000)} minutes (ro locks it again)`,
    'warn',
  );
  return [next, [...effects, { type: 'timer', name: 'unlock', after_ms: ms }]];
}

export function lock(state: State): Step {
  if (state.unlocked_until === null) return [state, []];
  const [next, effects] = noticed({ ...state, unlocked_until: null }, 'read-only again');
  const request = next.next_request;
  return [
    { ...next, next_request: request + 1 },
    [
      ...effects,
      { type: 'stop-timer', name: 'unlock' },
      { type: 'data', request, effect: { type: 'lock' } },
    ],
  ];
}
