export const jobStates = [
  'pending',
  'waiting_upstream',
  'running',
  'paused',
  'resuming',
  'completed',
  'failed',
  'cancelled',
] as const;

export type JobState = (typeof jobStates)[number];

/** Allowed transitions (the state machine of the shared schema; external writers included). */
export const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  pending: ['running', 'waiting_upstream', 'cancelled'],
  waiting_upstream: ['pending', 'failed', 'cancelled'],
  running: ['paused', 'completed', 'failed', 'cancelled', 'waiting_upstream'],
  paused: ['resuming', 'cancelled'],
  resuming: ['running', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export function isJobState(state: string): state is JobState {
  return Object.hasOwn(transitions, state);
}

/** A final state. An unknown state, of a newer program, is not terminal. */
export function isTerminal(state: string): boolean {
  return isJobState(state) && transitions[state].length === 0;
}

export function canTransition(from: string, to: JobState): boolean {
  return isJobState(from) && transitions[from].includes(to);
}

export const actions = ['pause', 'resume', 'cancel'] as const;
export type Action = (typeof actions)[number];

export const actionTargets: Readonly<Record<Action, JobState>> = {
  pause: 'paused',
  resume: 'resuming',
  cancel: 'cancelled',
};

export function sourcesOf(action: Action): JobState[] {
  return jobStates.filter((state) => canTransition(state, actionTargets[action]));
}

const participles: Readonly<Record<Action, string>> = {
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelled',
};

/**
 * Why an action is impossible in this state; null if it is possible.
 * `only running jobs can be paused; this one is paused`
 */
export function refusalOf(action: Action, state: string): string | null {
  const sources = sourcesOf(action);
  if ((sources as string[]).includes(state)) return null;
  const names = sources.map((source) => source.replaceAll('_', ' '));
  const wanted = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' or ');
  return `only ${wanted} jobs can be ${participles[action]}; this one is ${state.replace('_', ' ')}`;
}
