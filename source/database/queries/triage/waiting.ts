import { roughDuration } from '../../../domain/time/duration.ts';
import { remedy } from './remedies.ts';
import { alive, type Check, interval, literal, scope, secondsSince } from './sql.ts';

const executors = [
  remedy('look', 'Check for available executors, and their logs for errors.', {
    command: 'servo-tui executors',
  }),
  remedy('start-executor', 'Start an executor with the handler, or restart it if necessary.'),
];

export const unclaimed: Check = {
  name: 'unclaimed',
  title: ({ heartbeat_stale }) => `Claimable, nobody claims > ${roughDuration(heartbeat_stale)}`,
  section: { runbook: 'backfill-operations', heading: 'Verify job is claimable' },
  meaning:
    'The job could be claimed, and nobody does: no executor with its handler, or one that runs but does not claim. What only waits for a busy slot or a limit is left out.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'state', title: 'state', kind: 'state' },
    { name: 'heartbeat_at', title: 'heartbeat', kind: 'time' },
    { name: 'waiting_secs', title: 'waiting', kind: 'seconds' },
    { name: 'priority', title: 'pri', kind: 'count' },
    { name: 'executors', title: 'executors', kind: 'count' },
  ],
  figure: 'waiting_secs',
  remedies: [
    ...executors,
    remedy('look', 'Verify that the tenant context is correct.', { command: 'servo-tui doctor' }),
    remedy('cancel', 'Cancel it, if it is not needed any more.'),
  ],
  // Busy slots by two probes: one condition for both reads all jobs of the tenant.
  sql: (context) => {
    const tenant = literal(context.tenant);
    const old = interval(context.thresholds.heartbeat_stale);
    return `WITH busy AS MATERIALIZED (
  SELECT bp.lease_owner, count(DISTINCT bp.lease_token) as slots
  FROM (SELECT id FROM backfill_jobs WHERE tenant_id = ${tenant} AND state IN ('running', 'paused')
    UNION ALL SELECT id FROM backfill_jobs WHERE tenant_id = ${tenant} AND needs_finalizing) b
  JOIN backfill_partitions bp ON bp.backfill_job_id = b.id AND bp.state = 'running'
  GROUP BY bp.lease_owner
), ready AS MATERIALIZED (
  SELECT able.asset_name, count(*) as executors, bool_or(able.slots > COALESCE(busy.slots, 0)) as free
  FROM (SELECT e.id, e.slots, unnest(e.handlers) as asset_name FROM backfill_executors e
    WHERE ${alive(context.tenant, 'e')} AND e.draining_at IS NULL AND e.hold_reason IS NULL) able
  LEFT JOIN busy ON busy.lease_owner = able.id
  GROUP BY able.asset_name
), reached AS MATERIALIZED (
  SELECT l.scope, l.name FROM servo_limits_reached_v1(${tenant}) l
)
SELECT bj.id, bj.state, bj.heartbeat_at,
       bj.asset_name, bj.priority,
       ${secondsSince('COALESCE(bj.heartbeat_at, bj.created_at)')} as waiting_secs,
       COALESCE(ready.executors, 0) as executors,
       bj.version, COALESCE(bj.heartbeat_at, bj.created_at) as since
FROM backfill_jobs bj
LEFT JOIN ready ON ready.asset_name = bj.asset_name
WHERE bj.state IN ('pending', 'resuming')
  AND (bj.heartbeat_at IS NULL OR bj.heartbeat_at < NOW() - ${old})
  AND bj.created_at < NOW() - ${old}
  AND ready.free IS NOT FALSE
  AND NOT EXISTS (SELECT FROM reached WHERE CASE reached.scope
    WHEN 'asset' THEN reached.name = bj.asset_name
    WHEN 'asset_type' THEN reached.name = (SELECT a.asset_type FROM assets a WHERE a.id = bj.asset_id)
    ELSE true END)
  AND ${scope(context, 'bj')}
ORDER BY bj.priority DESC, bj.execution_order, bj.sla_deadline_at, bj.created_at
LIMIT ${context.limit}`;
  },
};

/** Of an asset and a state so many jobs are looked at, the oldest: what is counted says "so many or more". */
const mostOfAsset = 100;

/** By asset, since an executor is started for an asset; a job stands for its asset's: the oldest. The tenant is asked so that only the index by asset fits. */
export const noExecutor: Check = {
  name: 'no-executor',
  title: 'No executor for tenant or asset',
  section: { runbook: 'backfill-operations', heading: 'Check for available executors' },
  meaning:
    'Jobs of the asset wait or are stuck, and no living executor of this tenant has a handler for it.',
  severity: 'critical',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'jobs', title: 'jobs waiting', kind: 'count' },
    { name: 'waiting_secs', title: 'waiting', kind: 'seconds' },
    { name: 'executors', title: 'executors of the tenant', kind: 'count' },
    { name: 'last_seen_at', title: 'last one seen', kind: 'time' },
  ],
  figure: 'waiting_secs',
  remedies: executors,
  sql: (context) => {
    const tenant = literal(context.tenant);
    const one = context.job === null ? '' : ` AND bj.id = ${literal(context.job)}`;
    return `WITH living AS MATERIALIZED (
  SELECT e.handlers FROM backfill_executors e WHERE ${alive(context.tenant, 'e')}
), served AS MATERIALIZED (
  SELECT DISTINCT unnest(handlers) as asset_name FROM living
), seen AS MATERIALIZED (
  SELECT handler.asset_name, MAX(e.seen_at) as at FROM backfill_executors e, unnest(e.handlers) handler (asset_name)
  WHERE e.tenant_id = ${tenant} GROUP BY handler.asset_name
)
SELECT oldest.id, a.name as asset_name, oldest.state, oldest.jobs,
       ${secondsSince('oldest.since')} as waiting_secs,
       (SELECT count(*) FROM living) as executors,
       seen.at as last_seen_at,
       oldest.version, oldest.since
FROM assets a
LEFT JOIN seen ON seen.asset_name = a.name
CROSS JOIN LATERAL (
  SELECT w.id, w.state, w.version, w.since, count(*) OVER () as jobs
  FROM (VALUES ('pending'), ('resuming'), ('running')) s (state)
  CROSS JOIN LATERAL (
    SELECT bj.id, bj.state, bj.version, bj.heartbeat_at, COALESCE(bj.heartbeat_at, bj.created_at) as since
    FROM backfill_jobs bj
    WHERE bj.asset_id = a.id AND bj.tenant_id || '' = ${tenant} AND bj.state = s.state${one}
    ORDER BY bj.created_at LIMIT ${mostOfAsset}
  ) w
  WHERE w.state <> 'running' OR w.heartbeat_at < NOW() - ${interval(context.thresholds.heartbeat_stale)}
  ORDER BY w.since LIMIT 1
) oldest
WHERE (a.tenant_id = ${tenant} OR a.tenant_id IS NULL)
  AND NOT EXISTS (SELECT FROM served WHERE served.asset_name = a.name)
ORDER BY oldest.since
LIMIT ${context.limit}`;
  },
};

export const queueDepth: Check = {
  name: 'queue-depth',
  title: ({ queue_depth }) => `Queue: more than ${queue_depth} pending`,
  section: { runbook: 'backfill-operations', heading: 'Related Alerts' },
  meaning: 'Jobs are queued and wait to be claimed.',
  severity: 'warning',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'waiting_secs', title: 'waiting', kind: 'seconds' },
    { name: 'priority', title: 'pri', kind: 'count' },
    { name: 'total_partitions', title: 'partitions', kind: 'count' },
    { name: 'sla_deadline_at', title: 'deadline', kind: 'time' },
  ],
  figure: 'waiting_secs',
  remedies: [
    remedy('start-executor', 'Start more executors.'),
    remedy('pause', 'Defer non-critical backfills: pause what runs and can wait.', {
      states: null,
      command: 'servo-tui pause OTHER',
    }),
    remedy('set-priority', 'Let what is urgent go first.'),
    remedy('cancel', 'Cancel what is not needed any more.'),
  ],
  sql: (context) => `SELECT id, asset_name, state,
       ${secondsSince('created_at')} as waiting_secs,
       priority, total_partitions, sla_deadline_at,
       version, created_at as since
FROM backfill_jobs
WHERE state = 'pending'
  AND ${scope(context)}
  AND ${context.thresholds.queue_depth} < (SELECT count(*) FROM (
    SELECT FROM backfill_jobs WHERE state = 'pending' AND tenant_id = ${literal(context.tenant)}
    ORDER BY created_at LIMIT ${context.thresholds.queue_depth + 1}) queue)
ORDER BY created_at
LIMIT ${context.limit}`,
};

export const waitingUpstream: Check = {
  name: 'waiting-upstream',
  title: 'Waiting for upstreams',
  section: { runbook: 'backfill-sla-at-risk', heading: '3. Identify Bottlenecks' },
  meaning: 'The job is blocked on dependencies: it runs when its upstream jobs are completed.',
  severity: 'notice',
  columns: [
    { name: 'asset_name', title: 'asset', kind: 'text' },
    { name: 'waiting_upstream_count', title: 'waits for', kind: 'count' },
    { name: 'waits_for', title: 'which', kind: 'text' },
    { name: 'waiting_secs', title: 'waiting', kind: 'seconds' },
    { name: 'sla_deadline_at', title: 'deadline', kind: 'time' },
  ],
  figure: 'waiting_secs',
  remedies: [
    remedy('wait', 'It goes on by itself when its upstreams are completed.'),
    remedy('look', 'See what keeps the upstream.', { command: 'servo-tui explain JOB' }),
    remedy('cancel', 'Cancel it, and start it without its upstreams.'),
  ],
  sql: (context) => {
    const tenant = literal(context.tenant);
    return `SELECT bj.id, bj.asset_name, bj.state,
       GREATEST(0, bj.upstream_job_count::bigint - bj.completed_upstream_jobs) as waiting_upstream_count,
       (SELECT string_agg(COALESCE(u.asset_name, 'deleted') || ' ' || left(u.upstream_job_id::text, 8) || COALESCE(' (' || u.state || ')', ''), ', '
          ORDER BY u.asset_name)
        FROM servo_upstreams_v1(${tenant}, bj.id) u WHERE u.state IS DISTINCT FROM 'completed') as waits_for,
       ${secondsSince('came.at')} as waiting_secs, bj.sla_deadline_at,
       bj.version, came.at as since
FROM backfill_jobs bj
CROSS JOIN LATERAL (
  SELECT COALESCE((SELECT e.at FROM backfill_events e
    WHERE e.job_id = bj.id AND e.tenant_id = ${tenant} AND e.kind = 'state' AND e.to_state = 'waiting_upstream'
    ORDER BY e.id DESC LIMIT 1), bj.created_at) as at
) came
WHERE bj.state = 'waiting_upstream'
  AND ${scope(context, 'bj')}
ORDER BY bj.created_at
LIMIT ${context.limit}`;
  },
};
