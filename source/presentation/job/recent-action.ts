import type { JobEvent } from '../../domain/job/detail.ts';
import { actorName } from '../report/actor-name.ts';
import { formatFullCount } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import { stateLabel } from './state-label.ts';

const newsSeconds = 15 * 60;

const byHand = ['paused', 'resuming', 'cancelled'];
const requests: Readonly<Record<string, string>> = {
  set: 'changed',
  'retry requested': 'retried',
  'reclaim requested': 'reclaimed',
  'recreate requested': 'recreated',
};

/**
 * A person's last action on the job within 15 minutes: `paused by mara 20s ago: "db maintenance"`;
 * else null. `asOf` is the database's clock when the journal was read.
 */
export function recentAction(events: readonly JobEvent[], asOf: Date): string | null {
  const last = events
    .toSorted((a, b) => b.id - a.id)
    .find(
      ({ kind, to_state }) =>
        kind in requests || (kind === 'state' && byHand.includes(to_state ?? '')),
    );
  if (last === undefined) return null;
  const seconds = Math.max(0, Math.floor((asOf.getTime() - last.at.getTime()) / 1000));
  if (seconds > newsSeconds) return null;
  const what = requests[last.kind] ?? stateLabel(last.to_state ?? '').word;
  const ago = seconds < 60 ? `${seconds}s` : `${formatFullCount(Math.floor(seconds / 60))}m`;
  const why = last.reason === null ? '' : `: "${safeText(last.reason, { cap: 300 })}"`;
  return `${what} by ${actorName(last, 100)} ${ago} ago${why}`;
}
