import { jsonText } from '../domain/text/safe-json.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { isBoard, underCursor } from './boards.ts';
import { noticed } from './notice.ts';
import type { State, Step } from './state.ts';
import { targetOf } from './target.ts';

function rowOf(state: State): { id: string; row: unknown } | null {
  const { screen, boards } = state;
  if (!isBoard(screen)) {
    const target = targetOf(state);
    return target && { id: target.job.id, row: target.job };
  }
  const listed = underCursor(screen, boards[screen]);
  if (listed === null) return null;
  const { row, key } = listed;
  // Findings and events are known by their job, other rows by their own key.
  const id = ('job_id' in row && row.job_id !== null ? row.job_id : null) ?? key.trim();
  return { id, row };
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

/** An executor's id begins with its host's name. */
function nameOf(id: string): string {
  return safeText(id, { cap: 100 });
}

function copied(state: State, text: string, remark: string): Step {
  const [next, effects] = noticed(state, remark);
  return [next, [{ type: 'copy', text }, ...effects]];
}
