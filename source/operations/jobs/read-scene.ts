import type { Query } from '../../database/database.ts';
import { readClaimScene } from '../../database/queries/read-claim-scene.ts';
import { readSnapshot } from '../../database/queries/read-snapshot.ts';
import { forecastJobs } from '../../domain/forecast/forecast-jobs.ts';
import { isFresh } from '../../domain/forecast/freshness.ts';
import type { ClaimScene } from '../../domain/triage/claim-scene.ts';

/**
 * What decides whether the tenant's jobs run, and when. If the executors that are alive store no
 * forecasts, they are computed here by the same function.
 */
export async function readScene(query: Query, tenant: string): Promise<ClaimScene> {
  const scene = await readClaimScene(query, tenant);
  if (scene.executors.length === 0 || isFresh(scene.forecast_at, scene.read_at)) return scene;
  const computed = forecastJobs(await readSnapshot(query, tenant));
  return { ...scene, forecasts: new Map(computed.map((one) => [one.job_id, one])) };
}
