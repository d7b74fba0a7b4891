import type { CheckDefinition } from '../../../domain/triage/checks.ts';
import { sqlReader } from '../../dialogs/reader/state.ts';
import { underCursor } from '../../model/boards.ts';
import type { State, Step } from '../../model/state.ts';

/**
 * The statement of the selected check, and the runbook's remedy for all rows as a comment, so that
 * pasting it changes nothing.
 */
export function checkSql({ screen, boards }: State): { title: string; sql: string } | null {
  const found = screen === 'check' ? boards.check.data : underCursor('triage', boards.triage)?.row;
  if (found === null || found === undefined) return null;
  return { title: found.check.title, sql: [found.sql, ...remedies(found.check)].join('\n\n') };
}

function remedies({ remedies }: CheckDefinition): string[] {
  return remedies.flatMap(({ text, sql }) =>
    sql === null ? [] : [`-- ${[text, ...sql.split('\n')].join('\n-- ')}`],
  );
}

export function readCheckSql(state: State): Step {
  const found = checkSql(state);
  return found === null
    ? [state, []]
    : [{ ...state, overlay: sqlReader(found.title, found.sql) }, []];
}
