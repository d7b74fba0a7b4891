import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { programAssets } from './handlers.ts';
import type { Random } from './random.ts';

export const tenant = 'acme';
/** Whose rows nobody may see or touch (I11). */
export const neighbour = 'globex';

type Shape = { asset: string; strategy: Record<string, unknown>; keys: string[] };

function shape(random: Random): Shape {
  const asset = random.weighted({
    fast: 4,
    slow: 3,
    hanging: 2,
    flaky: 4,
    program: 2,
    module: 2,
    killer: 0.5,
    endpoint: 2,
  });
  const programs = (programAssets as readonly string[]).includes(asset);
  const count = random.between(1, programs ? 15 : 60);
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(4, '0')}`);
  if (['flaky', 'program', 'module', 'endpoint'].includes(asset) && random.chance(0.3))
    keys.push('bad-day');
  if (asset === 'killer') keys.push('bad-day');
  const strategy = {
    ...(random.chance(0.5)
      ? { type: 'parallel', max_parallel: random.between(2, 6) }
      : { type: 'sequential' }),
    ...(random.chance(0.25) ? { order: 'desc' } : {}),
    ...(asset === 'hanging' ? { timeout_ms: 400 } : {}),
    ...(['module', 'endpoint'].includes(asset) ? { timeout_ms: 2_000 } : {}),
    ...(random.chance(0.3) ? { max_attempts: random.between(1, 6) } : {}),
  };
  return { asset, strategy, keys };
}

/** Makes a job: mostly whole, sometimes as a base writer does, its partitions later, in part, or never. Returns its id. */
export async function makeJob(
  pool: Pool,
  random: Random,
  owner = tenant,
  only?: string,
): Promise<string> {
  const drawn = shape(random);
  const asset = only ?? drawn.asset;
  const { keys, strategy } = drawn;
  const id = randomUUID();
  const made = random.weighted({ whole: 12, late: 1, half: 1, never: 1 });
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    if (made === 'whole') await client.query('begin');
    await client.query(
      `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, total_partitions, partition_keys, execution_strategy, priority, created_by)
       select $1::uuid, tenant_id, id, name, $1::uuid::text, $4, $5, $6, $7, $8 from assets where name = $3 and tenant_id = $2`,
      [
        id,
        owner,
        asset,
        keys.length,
        JSON.stringify(keys),
        JSON.stringify(strategy),
        random.between(-2, 2),
        `suite: ${made}`,
      ],
    );
    const rows = made === 'half' ? keys.filter(() => random.chance(0.5)) : keys;
    if (made !== 'never') {
      await client.query(
        `insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key)
         select gen_random_uuid(), $1::uuid, $2, unnest($3::text[]) on conflict do nothing`,
        [id, owner, rows],
      );
    }
    if (made === 'whole') await client.query('commit');
    return id;
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}
