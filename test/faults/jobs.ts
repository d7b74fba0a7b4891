import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { messageOf } from '../../source/errors.ts';
import { isAbsence } from './absence.ts';
import { programAssets } from './handlers.ts';
import type { Random } from './random.ts';

export const tenant = 'acme';
/** The tenant whose rows no other may see or touch (I11). */
export const neighbour = 'globex';

/** A partition whose completion the database refuses (scene.ts). */
export const refusedKey = 'refused';

/** A writer that makes a job one transaction a key was kept from it. */
export class DisturbedWriter extends Error {
  constructor(job: string, key: string, cause: unknown) {
    super(`no writer of partitions is disturbed: job ${job}: ${key}: ${messageOf(cause)}`);
  }
}

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
    untidy: 3,
    remote: 2,
  });
  const programs = (programAssets as readonly string[]).includes(asset);
  const count = random.between(1, programs ? 15 : 60);
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(4, '0')}`);
  if (['flaky', 'program', 'module', 'endpoint'].includes(asset) && random.chance(0.3))
    keys.push('bad-day');
  if (asset === 'killer') keys.push('bad-day');
  // Its completion is refused by a trigger of the database's owner. External writers claim `fast`, and would end in an error.
  if (!['fast', 'killer'].includes(asset) && random.chance(0.15)) keys.push(refusedKey);
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

/**
 * Makes a job: mostly whole, sometimes as an external writer does, its partitions later, in part, never, or one transaction each. Returns
 * its id. Whatever executors do meanwhile, no insert of such a writer may fail.
 */
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
  // Not of `fast`: an external writer would claim it half-made, and end it too early.
  const slowly = asset === 'fast' ? 0 : 1.5;
  const made = random.weighted({ whole: 12, late: 1, half: 1, never: 1, slowly });
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
    if (made === 'slowly') {
      for (const key of keys) {
        await client
          .query(
            'insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key) values (gen_random_uuid(), $1, $2, $3)',
            [id, owner, key],
          )
          .catch((error) => {
            throw isAbsence(error) ? error : new DisturbedWriter(id, key, error);
          });
        if (random.chance(0.3)) await sleep(random.between(0, 20));
      }
      return id;
    }
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
