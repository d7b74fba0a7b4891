import { formatFullCount } from '../text/format.ts';

/** Where a search had to end before it had looked at everything; nothing where it has. */
export function searchLimitText({ searched }: { searched: number | null }): string {
  return searched === null ? '' : ` among the newest ${formatFullCount(searched)} of each state`;
}
