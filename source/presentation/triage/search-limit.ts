import { formatFullCount } from '../text/format.ts';

/** Set if a search stopped before all jobs; else empty. */
export function searchLimitText({ searched }: { searched: number | null }): string {
  return searched === null ? '' : ` among the newest ${formatFullCount(searched)} of each state`;
}
