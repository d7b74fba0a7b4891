import { jsonText } from '../../domain/text/safe-json.ts';
import { safeText } from '../../presentation/text/safe-text.ts';
import { noticed } from '../model/notice.ts';
import { present } from '../model/present.ts';
import type { State, Step } from '../model/state.ts';

function rowOf(state: State) {
  return present(state).row(state);
}

export function nothingUnder(state: State): string | null {
  return rowOf(state) === null ? 'no row is selected' : null;
}

export function copyId(state: State): Step {
  const found = rowOf(state);
  return found === null ? [state, []] : copied(state, found.id, `copied ${nameOf(found.id)}`);
}

/** As printed by commands with --json: column names, times in UTC. */
export function copyRow(state: State): Step {
  const found = rowOf(state);
  if (found === null) return [state, []];
  return copied(state, jsonText(found.row, 2), `copied ${nameOf(found.id)} as JSON`);
}

function nameOf(id: string): string {
  return safeText(id, { cap: 100 });
}

function copied(state: State, text: string, remark: string): Step {
  const [next, effects] = noticed(state, remark);
  return [next, [{ type: 'copy', text }, ...effects]];
}
