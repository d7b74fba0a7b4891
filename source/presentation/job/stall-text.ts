import type { JobEvent } from '../../domain/job/detail.ts';
import { isUnclaimed } from '../../domain/job/health.ts';
import type { JobView } from '../../domain/job/job.ts';
import { shortId } from '../../domain/job/reference.ts';
import { actorName } from '../report/actor-name.ts';
import { formatAge } from '../text/format.ts';
import { safeText } from '../text/safe-text.ts';
import type { Cell } from '../text/tone.ts';
import { healthText } from './health-text.ts';

/**
 * Why a job does not progress: its error, no claim, what it waits for, else the person and the
 * reason of a pause or cancel (backfill-operations, the scenarios). Null: nothing to say.
 * @param events the newest first
 */
export function stallText(
  job: Pick<
    JobView,
    | 'id'
    | 'state'
    | 'error_message'
    | 'failed_partitions'
    | 'heartbeat_age_seconds'
    | 'heartbeat_stale'
    | 'health'
    | 'health_reason'
  >,
  events: readonly JobEvent[],
): Cell | null {
  if (job.error_message !== null) {
    const again =
      job.state === 'failed' && job.failed_partitions > 0
        ? ` — retry: servo-tui retry ${shortId(job.id)}`
        : '';
    return { text: safeText(job.error_message) + again, tone: 'bad' };
  }
  const silence = job.heartbeat_age_seconds;
  if (job.heartbeat_stale || isUnclaimed(job)) {
    const what = job.heartbeat_stale ? 'no heartbeat' : 'not claimed';
    const since = silence === null ? '' : ` for ${formatAge(silence)}`;
    return {
      text: `${what}${since}: the next executor with a handler takes it over; see: servo-tui executors`,
      tone: 'bad',
    };
  }
  const health = healthText(job);
  if (job.state !== 'paused' && job.state !== 'cancelled') return health;
  const event = events.find(({ to_state }) => to_state !== null);
  if (event?.to_state !== job.state || event.reason === null) return health;
  const by = `${job.state} by ${actorName(event)}: "${safeText(event.reason)}"`;
  return health === null
    ? { text: by, tone: 'warn' }
    : { text: `${health.text} · ${by}`, tone: health.tone };
}
