import { safeText } from '../../presentation/text/safe-text.ts';
import { ask, unasked } from '../model/asking.ts';
import type { DataAnswer } from '../model/effects.ts';
import { keyFor } from '../model/key-hints.ts';
import { noticed } from '../model/notice.ts';
import type { State, Step } from '../model/state.ts';
import { openJob } from './navigate.ts';

/** Opens a job by id prefix or asset: from the table, else from the database. */
export function findJob(state: State, text: string): Step {
  const wanted = text.toLowerCase();
  const { list, received_at } = state.jobs;
  const jobs = list?.jobs ?? [];
  const byId = jobs.filter(({ id }) => id.startsWith(wanted));
  const found = byId.length > 0 ? byId : jobs.filter(({ asset_name }) => asset_name === text);
  if (found.length === 1) return openJob(state, found[0]!, received_at);
  if (found.length > 1) {
    const names = `${found.length} jobs ${byId.length > 0 ? 'have ids that begin with' : 'are of'} ${safeText(text)}`;
    return noticed(
      state,
      `${names}: type more of the id, or filter with ${keyFor(state, 'filter')}`,
      'warn',
    );
  }
  return ask(unasked(state, 'find'), 'find', { type: 'find-job', reference: text });
}

export function findAnswered(state: State, answer: DataAnswer): Step {
  if (answer.type === 'found' && state.overlay === null)
    return openJob(state, answer.job, state.at);
  if (answer.type !== 'failure') return [state, []];
  const { message, hint } = answer.failure;
  return noticed(state, safeText(hint === undefined ? message : `${message} — ${hint}`), 'warn');
}
