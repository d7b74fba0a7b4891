import type { JobView } from '../../../domain/job/job.ts';
import type { JobScreen } from '../../model/state.ts';
import { unreadMap } from './job-map.ts';

export function openedJob(job: JobView): JobScreen {
  return {
    id: job.id,
    job,
    detail: null,
    map: unreadMap,
    insight: null,
    insight_read_at: null,
    insight_of: null,
    readings: [],
    received_at: null,
    gone: false,
    panel: job.failed_partitions > 0 ? 'failed' : 'open',
    selected: { failed: null, open: null, slow: null, events: null, tree: null, executors: null },
    unfolded: null,
    before: null,
  };
}
