import type { Link, State } from './state.ts';

export const linkUp: Link = {
  failure: null,
  down_since: null,
  failed_attempts: 0,
  silent_since: null,
};

export function isStale({ link }: State): boolean {
  return link.down_since !== null || link.silent_since !== null;
}

export function whyStale(state: State): string | null {
  return isStale(state) ? 'no answer from the database: the data shown is old' : null;
}
