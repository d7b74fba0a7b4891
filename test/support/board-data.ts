import type { BoardData, BoardName } from '../../source/console/model/boards.ts';
import { aJob, now } from './jobs.ts';
import { riskBoardOf } from './snapshots.ts';

/** Jobs that all boards are about. */
export const orders = aJob({ number: 1, asset_name: 'orders', sla_deadline_at: now, priority: 9 });
export const clicks = aJob({
  number: 2,
  asset_name: 'clicks',
  state: 'paused',
  sla_deadline_at: now,
});
const jobs = [orders, clicks];

const found = (job: typeof orders | null, cells: Record<string, unknown>) => ({
  job_id: job?.id ?? null,
  asset_name: job?.asset_name ?? null,
  cells,
});
const check = (name: string, count: number, worst: unknown) => ({
  check: {
    name,
    title: `Title ${name}`,
    section: { heading: `Heading ${name}` },
    severity: 'warning',
    meaning: `Meaning ${name}`,
    columns: [],
    remedies: [],
    figure: 'age',
  },
  found: count,
  truncated: false,
  sql: 'select 1',
  worst,
});
const executor = (id: string, state: string, running: typeof jobs) => ({
  id,
  state,
  handlers: [`handler_${id}`],
  running: running.map((job) => ({ job_id: job.id, asset_name: job.asset_name })),
});
const alert = (name: string, firing: boolean, of: typeof jobs) => ({
  name,
  severity: firing ? 'critical' : 'warning',
  firing,
  description: `About ${name}`,
  jobs: of.map((job) => ({ job_id: job.id, asset_name: job.asset_name })),
});
const event = (id: number, job: typeof orders, words: Record<string, string | null>) => ({
  id,
  job_id: job.id,
  kind: 'state',
  partition_key: null,
  from_state: null,
  to_state: null,
  actor: 'mara',
  login: 'app',
  reason: null,
  ...words,
});

/** A little of everything that a board can show, with as much of each row as the console goes by. */
export const boardData = {
  triage: {
    as_of: now,
    escalations: [],
    checks: [check('calm', 0, null), check('stuck', 2, found(orders, {}))],
    jobs,
  },
  check: {
    as_of: now,
    check: check('stuck', 4, null).check,
    columns: [],
    sql: 'select 2',
    rows: [
      found(orders, { partition_key: 'p1', error: 'refused' }),
      found(orders, { partition_key: 'p2', error: 'timeout' }),
      found(clicks, { since: 'noon' }),
      found(null, { executor: 'w9' }),
    ],
    jobs,
  },
  risk: riskBoardOf(jobs, 4),
  executors: {
    as_of: now,
    executors: [executor('w1', 'alive', jobs), executor('w2', 'silent', [])],
    jobs,
  },
  alerts: { as_of: now, alerts: [alert('Slow', false, []), alert('Stuck', true, [clicks])], jobs },
  events: {
    as_of: now,
    events: [
      event(1, orders, { from_state: 'running', to_state: 'paused', reason: 'maintenance' }),
      event(2, clicks, { kind: 'retry', partition_key: 'p7', actor: 'joe', login: 'joes' }),
    ],
    jobs,
  },
} as unknown as { [N in BoardName]: BoardData[N] };
