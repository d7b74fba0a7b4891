import { isTerminal, jobStates } from '../../domain/job/state.ts';

/** The states of jobs that have not ended, for `state in (…)`: as the predicates of the indexes have them. */
export const unfinishedStates = jobStates
  .filter((state) => !isTerminal(state))
  .map((state) => `'${state}'`)
  .join(', ');
