import type { Database, Query } from '../../database/database.ts';
import { readClaimScene } from '../../database/queries/read-claim-scene.ts';
import { readDurations } from '../../database/queries/read-durations.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import type { JobChange } from '../../domain/forecast/after-actions.ts';
import type { Durations } from '../../domain/forecast/durations.ts';
import { type AskedChange, type Effects, effectsOf } from '../../domain/forecast/effects.ts';
import type { SnapshotJob } from '../../domain/forecast/snapshot.ts';
import { actionRules, readParameters } from '../../domain/job/action.ts';
import type { Job, JobActivity } from '../../domain/job/job.ts';
import { changesOf } from '../../domain/job/settings.ts';
import { isTerminal } from '../../domain/job/state.ts';
import { readStrategy } from '../../domain/job/strategy.ts';

const batch = 1000;

/**
 * What these actions would change, for the jobs and for all others, in one transaction. Jobs that
 * do not exist or refuse the action are left out, and so are invalid parameters. Changes nothing.
 */
export function readEffects(
  db: Database,
  tenant: string,
  asked: readonly AskedChange[],
): Promise<Effects> {
  return db.read(tenant, async (query) => {
    const snapshot = await readSnapshot(query, tenant);
    const ids = [...new Set(asked.map(({ id }) => id))];
    const rows = new Map<string, Job & JobActivity>();
    for (let from = 0; from < ids.length; from += batch)
      for (const row of await readJobs(query, tenant, ids.slice(from, from + batch)))
        rows.set(row.id, row);
    const ended = [...rows.values()].flatMap(({ id, state }) => (isTerminal(state) ? [id] : []));
    const durations = await readDurations(query, tenant, ended);
    const silent = await silentSlots(query, tenant, asked);
    const changes = asked.flatMap((one) => {
      const job = rows.get(one.id);
      if (job === undefined || actionRules[one.action].refusal(job) !== null) return [];
      return changeOf(one, job, {
        asOf: snapshot.as_of,
        silent: silent.get(one.id) ?? 0,
        durations: durations.get(one.id) ?? null,
      });
    });
    return effectsOf(snapshot, changes);
  });
}

function changeOf(
  { id, action, parameters = {}, keys }: AskedChange,
  job: Job & JobActivity,
  { asOf, silent, durations }: { asOf: Date; silent: number; durations: Durations | null },
): JobChange {
  const { settings } = readParameters(action, parameters, asOf);
  const again = keys === undefined ? job.failed_partitions : keys.length;
  const { failing } = job;
  const { columns } = changesOf(job, settings);
  const renewed = isTerminal(job.state)
    ? renewedJob(job, action === 'retry' ? again : skippedIn(job), columns, durations, asOf)
    : null;
  return { id, action, settings, again, silent, failing, renewed };
}

function skippedIn({ skipped_partitions }: Job): number {
  return Math.max(0, skipped_partitions);
}

function renewedJob(
  job: Job,
  remaining: number,
  columns: ReturnType<typeof changesOf>['columns'],
  durations: Durations | null,
  asOf: Date,
): SnapshotJob {
  const { priority, sla_deadline_at, execution_strategy } = columns;
  return {
    ...{ id: job.id, asset_name: job.asset_name, state: 'pending', created_at: asOf },
    ...{ priority, sla_deadline_at, execution_order: job.execution_order },
    max_parallel: readStrategy(execution_strategy).max_parallel,
    ...{ remaining, durations, slots: [], later: null, upstreams: [], external: false },
  };
}

/** Only a reclaim changes what silent executors hold. */
async function silentSlots(
  query: Query,
  tenant: string,
  asked: readonly AskedChange[],
): Promise<Map<string, number>> {
  if (!asked.some(({ action }) => action === 'reclaim')) return new Map();
  const { silent } = await readClaimScene(query, tenant);
  const count = Object.entries(silent).map(
    ([id, all]) => [id, all.reduce((sum, { slots }) => sum + slots, 0)] as const,
  );
  return new Map(count);
}
