import { plural } from '../../../presentation/text/format.ts';
import { rowsOf } from '../../model/job-rows.ts';
import { noticed } from '../../model/notice.ts';
import type { State, Step } from '../../model/state.ts';

/** A mark is a job's id, never a row. */
export function turnMark(state: State): Step {
  const { cursor } = state.jobs;
  if (cursor === null) return [state, []];
  const marks = new Set(state.marks);
  if (!marks.delete(cursor)) marks.add(cursor);
  return [{ ...state, marks, range: null }, []];
}

export function turnRange(state: State): Step {
  const { cursor } = state.jobs;
  if (state.range !== null || cursor === null) return [{ ...state, range: null }, []];
  return [withRange({ ...state, range: { anchor: cursor, before: state.marks } }), []];
}

export function withRange(state: State): State {
  const { range, jobs } = state;
  if (range === null) return state;
  const rows = rowsOf(jobs).map(({ job }) => job.id);
  const [from, to] = [rows.indexOf(range.anchor), rows.indexOf(jobs.cursor ?? '')];
  if (from < 0 || to < 0) return { ...state, range: null };
  const between = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ...state, marks: new Set([...range.before, ...between]) };
}

export function clearMarks(state: State): Step {
  const count = state.marks.size;
  return noticed({ ...state, marks: new Set(), range: null }, `${plural(count, 'mark')} cleared`);
}

export function noMarks({ marks }: State): string | null {
  return marks.size === 0 ? 'no jobs are marked' : null;
}
