import { parseFilter, problemsWord } from '../../domain/job/filter.ts';
import type { JobView } from '../../domain/job/job.ts';
import { type BoardName, boardNames, underCursor } from './boards.ts';
import { rearrange, rowOf } from './job-rows.ts';
import { jobsRead } from './paging.ts';
import type { ScreenName, State } from './state.ts';

export const noLongerThere = 'this job no longer exists';

export type Target = {
  job: JobView;
  gone: boolean;
  as_of: Date;
  received_at: number;
};

type Shown = {
  asker: 'jobs' | 'job' | 'board';
  received_at: (state: State) => number | null;
  target: (state: State) => Target | null;
  row: (state: State) => { id: string; row: unknown } | null;
  jobs: (state: State) => readonly JobView[];
  lost: (state: State, id: string) => boolean;
  filter: { text: (state: State) => string; with: (state: State, text: string) => State } | null;
};

function rowOfTarget(target: Target | null): { id: string; row: unknown } | null {
  return target && { id: target.job.id, row: target.job };
}

const jobs: Shown = {
  asker: 'jobs',
  received_at: (state) => state.jobs.received_at,
  target: ({ jobs }) => {
    const row = rowOf(jobs, jobs.cursor);
    if (jobs.list === null || jobs.received_at === null || row === null) return null;
    return { job: row.job, gone: row.gone, as_of: jobs.list.as_of, received_at: jobs.received_at };
  },
  row: (state) => rowOfTarget(jobs.target(state)),
  jobs: (state) => jobsRead(state.jobs),
  lost: (state, id) => id in state.jobs.gone,
  filter: {
    text: (state) => state.jobs.filter.text,
    with: (state, text) => {
      return { ...state, jobs: rearrange({ ...state.jobs, filter: parseFilter(text) }) };
    },
  },
};

const job: Shown = {
  asker: 'job',
  received_at: (state) => state.job?.received_at ?? null,
  target: ({ job, jobs }) => {
    if (job === null || jobs.list === null || jobs.received_at === null) return null;
    return {
      job: job.job,
      gone: job.gone,
      as_of: job.detail?.as_of ?? jobs.list.as_of,
      received_at: job.received_at ?? jobs.received_at,
    };
  },
  row: (state) => rowOfTarget(job.target(state)),
  jobs: (state) => (state.job === null ? [] : [state.job.job]),
  lost: (state, id) => state.job?.id === id && state.job.gone,
  filter: null,
};

function board(name: BoardName): Shown {
  return {
    asker: 'board',
    received_at: ({ boards }) => boards[name].received_at,
    target: ({ boards }) => {
      const { data, received_at } = boards[name];
      const job = underCursor(name, boards[name])?.job ?? null;
      if (data === null || received_at === null || job === null) return null;
      return { job, gone: false, as_of: data.as_of, received_at };
    },
    row: ({ boards }) => {
      const listed = underCursor(name, boards[name]);
      if (listed === null) return null;
      const { row, key } = listed;
      // Findings and events are known by their job, other rows by their own key.
      const id = ('job_id' in row && row.job_id !== null ? row.job_id : null) ?? key.trim();
      return { id, row };
    },
    jobs: ({ boards }) => boards[name].data?.jobs ?? [],
    lost: () => false,
    filter: {
      text: ({ boards }) => boards[name].filter,
      with: (state, filter) => {
        const changed = { ...state.boards[name], filter, order: null, keep_order_until: 0 };
        return { ...state, boards: { ...state.boards, [name]: changed } };
      },
    },
  };
}

const screens = {
  jobs,
  job,
  ...(Object.fromEntries(boardNames.map((name) => [name, board(name)])) as {
    [N in BoardName]: Shown;
  }),
} satisfies Record<ScreenName, Shown>;

export function present({ screen }: State): Shown {
  return screens[screen];
}

export function targetOf(state: State): Target | null {
  return present(state).target(state);
}

export function noTarget(state: State): string | null {
  return targetOf(state) === null ? 'no job is selected' : null;
}

export function receivedAt(state: State): number | null {
  return present(state).received_at(state);
}

export function filterText(state: State): string {
  return present(state).filter?.text(state) ?? '';
}

export function filtered(state: State, text: string): State {
  return present(state).filter?.with(state, text) ?? state;
}

export function turnProblems(state: State): State {
  const words = filterText(state).split(/\s+/).filter(Boolean);
  const others = words.filter((word) => word !== problemsWord);
  return filtered(
    state,
    (others.length < words.length ? others : [...words, problemsWord]).join(' '),
  );
}
