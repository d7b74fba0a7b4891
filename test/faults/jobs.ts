import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Random } from './random.ts';

export const tenant = 'acme';
/** Whose rows nobody may see or touch (I11). */
export const neighbour = 'globex';

const effect = `insert into effects (job_id, key, attempt) values
  (current_setting('servo.job_id')::uuid, $1, current_setting('servo.attempt')::int);\n`;

/** What is run. Every SQL handler leaves one effect for each completion; the programs one line for each attempt. */
export const handlers: Readonly<Record<string, string>> = {
  'fast.sql': effect,
  'slow.sql': `${effect}select pg_sleep(random() * 0.2);`,
  'hanging.sql': `${effect}select pg_sleep(case when random() < 0.03 then 30 else 0.01 end);`,
  'flaky.sql': `${effect}do $$ begin
    if starts_with(current_setting('servo.partition_key'), 'bad') then perform servo_fail('no such day');
    elsif random() < 0.1 then raise exception 'the source is down';
    elsif random() < 0.1 then perform servo_retry('not yet', '50 ms'); end if; end $$;`,
  program: `#!/bin/sh
echo "$SERVO_JOB_ID $SERVO_PARTITION_KEY" >> "$EFFECTS"
case $SERVO_PARTITION_KEY in bad*) echo 'no such day'; exit 65;; esac
[ $(($$ % 9)) = 0 ] && exit 1
sleep 0.0$(($$ % 10))
`,
  'module.mjs': `import { appendFileSync } from 'node:fs';
export default async ({ job_id, partition_key }) => {
  appendFileSync(process.env.EFFECTS, job_id + ' ' + partition_key + '\\n');
  if (partition_key.startsWith('bad')) for (;;);
  if (Math.random() < 0.1) throw new Error('the source is down');
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
};
`,
  killer: `#!/bin/sh
echo "$SERVO_JOB_ID $SERVO_PARTITION_KEY" >> "$EFFECTS"
case $SERVO_PARTITION_KEY in bad*) kill -9 $PPID; sleep 1;; esac
`,
};

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
  });
  const programs = ['program', 'module', 'killer'].includes(asset);
  const count = random.between(1, programs ? 15 : 60);
  const keys = Array.from({ length: count }, (_, i) => `k${String(i).padStart(4, '0')}`);
  if (['flaky', 'program', 'module'].includes(asset) && random.chance(0.3)) keys.push('bad-day');
  if (asset === 'killer') keys.push('bad-day');
  const strategy = {
    ...(random.chance(0.5)
      ? { type: 'parallel', max_parallel: random.between(2, 6) }
      : { type: 'sequential' }),
    ...(random.chance(0.25) ? { order: 'desc' } : {}),
    ...(asset === 'hanging' ? { timeout_ms: 400 } : {}),
    ...(asset === 'module' ? { timeout_ms: 2_000 } : {}),
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
      `insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, total_partitions, partition_keys, execution_strategy, priority)
       select $1::uuid, tenant_id, id, name, $1::uuid::text, $4, $5, $6, $7 from assets where name = $3 and tenant_id = $2`,
      [
        id,
        owner,
        asset,
        keys.length,
        JSON.stringify(keys),
        JSON.stringify(strategy),
        random.between(-2, 2),
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
