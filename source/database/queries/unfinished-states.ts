import { isTerminal, jobStates } from '../../domain/job/state.ts';

export const unfinishedStates = jobStates
  .filter((state) => !isTerminal(state))
  .map((state) => `'${state}'`)
  .join(', ');
