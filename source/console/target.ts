import type { JobView } from '../domain/job/job.ts';
import { rowOf } from './arrange.ts';
import { isBoard, underCursor } from './boards.ts';
import type { State } from './state.ts';

/** What a key acts on: a job as last read, and when. */
export type Target = {
  job: JobView;
  /** No longer exists: shown, but no action is possible. */
  gone: boolean;
  as_of: Date;
  received_at: number;
};

export function targetOf(state: State): Target | null {
  const { screen, job, jobs, boards } = state;
  if (isBoard(screen)) {
    const { data, received_at } = boards[screen];
    const job = underCursor(screen, boards[screen])?.job ?? null;
    if (data === null || received_at === null || job === null) return null;
    return { job, gone: false, as_of: data.as_of, received_at };
  }
  if (jobs.list === null || jobs.received_at === null) return null;
  if (screen === 'job' && job !== null) {
    return {
      job: job.job,
      gone: job.gone,
      as_of: job.detail?.as_of ?? jobs.list.as_of,
      received_at: job.received_at ?? jobs.received_at,
    };
  }
  const row = rowOf(jobs, jobs.cursor);
  if (row === null) return null;
  return { job: row.job, gone: row.gone, as_of: jobs.list.as_of, received_at: jobs.received_at };
}

export function noTarget(state: State): string | null {
  return targetOf(state) === null ? 'no job is selected' : null;
}
