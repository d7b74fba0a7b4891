import { isTerminal, jobStates } from '../../domain/job/state.ts';

/** The states of unfinished jobs, for `state in (…)`, worded like the predicates of the indexes. */
export const unfinishedStates = jobStates
  .filter((state) => !isTerminal(state))
  .map((state) => `'${state}'`)
  .join(', ');
