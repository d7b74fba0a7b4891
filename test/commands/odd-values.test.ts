import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Io } from '../../source/cli/io.ts';
import type { Output } from '../../source/cli/writer.ts';
import { documentOf, environment, urlOf } from '../support/cli.ts';
import { runInProcess } from '../support/commands.ts';
import { isRefusal, oddColumns, oddValues } from '../support/odd-values.ts';
import { Operator } from '../support/operator.ts';

const states = [
  ...['pending', 'waiting_upstream', 'running', 'paused', 'resuming'],
  ...['completed', 'failed', 'cancelled'],
];

type Odd = { tenant: string; what: string; jobs: string[] };

let operator: Operator;
const rows: Odd[] = [];
/** Jobs that nothing is wrong with, by tenant. */
const healthy: Record<string, string[]> = {};

beforeAll(async () => {
  operator = await Operator.open();
  const odd = await oddColumns((text) => operator.sql(text));
  for (const column of odd) {
    const { table_name, column_name, udt_name } = column;
    const values = oddValues[udt_name];
    if (values === undefined) throw new Error(`no odd values of ${udt_name}`);
    // One for all columns of a type: what a command is asked of a tenant it is asked once.
    const tenant = `${table_name} ${udt_name}`;
    healthy[tenant] ??= await makeJobs(tenant, ['running', 'pending', 'failed']);
    const own = table_name === 'backfill_jobs' ? 'id = any ($1)' : 'backfill_job_id = any ($1)';
    for (const value of values) {
      const jobs = await makeJobs(tenant, states);
      const held = await operator
        .sql(`update ${table_name} set ${column_name} = $2 where ${own}`, [jobs, value])
        .then(() => true, isRefusal);
      if (held)
        rows.push({ tenant, what: `${table_name}.${column_name} = ${value.slice(0, 40)}`, jobs });
    }
  }
});
afterAll(() => operator.close());

/** A job in each of these states, with a past, a deadline and partitions of every kind. */
async function makeJobs(tenant: string, wanted: readonly string[]): Promise<string[]> {
  const asset = randomUUID();
  const ids = wanted.map(() => randomUUID());
  await operator.sql(
    `with asset as (insert into assets (id, name, asset_type, tenant_id) values ($1, $1::uuid::text, 'table', $2)),
     job as (
       insert into backfill_jobs (id, tenant_id, asset_id, asset_name, idempotency_key, state, total_partitions, completed_partitions,
         failed_partitions, avg_partition_duration_ms, created_at, started_at, completed_at, heartbeat_at, paused_at,
         sla_deadline_at, estimated_completion_at, checkpoint_partition_key, claimed_version)
       select id, $2, $1, $1::uuid::text, id::text, state, 4, 1, 1, 60000, now() - interval '3 hours', now() - interval '2 hours',
         case when state in ('completed', 'failed', 'cancelled') then now() - interval '1 hour' end,
         now() - interval '20 seconds', case when state = 'paused' then now() - interval '90 minutes' end,
         now() + interval '30 seconds', now() + interval '2 minutes', 'k1', 1
       from unnest($3::uuid[], $4::text[]) j (id, state)),
     partition as (
       insert into backfill_partitions (id, backfill_job_id, tenant_id, partition_key, state, attempt_count, error_message, duration_ms, started_at, completed_at)
       select gen_random_uuid(), j.id, $2, p.key, p.state, 1, 'it broke', 60000, now() - interval '10 minutes', now() - interval '9 minutes'
       from unnest($3::uuid[]) j (id), (values ('k1', 'completed'), ('k2', 'failed'), ('k3', 'running'), ('k4', 'pending')) p (key, state))
     insert into backfill_samples (job_id, at, tenant_id, completed, failed, avg_partition_duration_ms, estimated_completion_at)
       select j.id, now() - interval '5 minutes', $2, 0, 0, 60000, now() from unnest($3::uuid[]) j (id)`,
    [asset, tenant, ids, wanted],
  );
  return ids;
}

/** A command run in this process: what it prints with --json, as its schema has it, and its text. */
async function ask(tenant: string, line: string[]): Promise<{ json: string; text: string }> {
  const env = environment({ DATABASE_URL: urlOf(operator.database.app), TENANT_ID: tenant });
  const stream = () => new PassThrough().resume() as unknown as Io['stdout'];
  const io = {
    env,
    stdin: stream() as never,
    stdout: stream(),
    stderr: stream(),
    interactive: false,
  };
  const { spec, input, result } = await runInProcess(line, io);
  const output = result as Output;
  const json = JSON.stringify(output.json);
  const shape = spec.name === 'triage' && input.length > 0 ? 'triage CHECK' : spec.name;
  documentOf(shape, json);
  return { json, text: await output.text() };
}

const ofTenant: readonly string[][] = [
  ['list', '--limit', '10000'],
  ...['sla', 'priority', 'age', 'eta', 'progress', 'heartbeat'].map((sort) => [
    'list',
    '--sort',
    sort,
  ]),
  ['list', 'risk:at-risk,breached,unknown'],
  ['risk'],
  ['risk', '--extend', '1h', '--slots', '3'],
  ['handoff'],
  ['review'],
  ['triage'],
  ['triage', 'breached'],
  ['alerts'],
  ['events'],
  ['executors'],
  ['prune', '--dry-run'],
  ['doctor', '--invariants'],
  ['plan', 'pause', 'state:running'],
];

const ofJob = [
  ['status', 'running'],
  ['explain', 'resuming'],
  ['export', 'paused'],
] as const;

type Question = { tenant: string; line: string[]; names: readonly string[]; about: string };

/** Those that fail, with what they say. */
async function failuresOf(questions: readonly Question[]): Promise<string[]> {
  const failures: string[] = [];
  const left = [...questions];
  const loop = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const { tenant, line, names, about } = one;
      try {
        const { json } = await ask(tenant, line);
        for (const name of names) if (!json.includes(name)) throw new Error(`lacks ${name}`);
      } catch (error) {
        failures.push(`${about}: ${line.join(' ')}: ${(error as Error).message}`.slice(0, 400));
      }
    }
  };
  await Promise.all([loop(), loop(), loop(), loop()]);
  return failures;
}

describe('A11 one odd row never blinds the rest', () => {
  test('reports of a tenant contain the healthy jobs and the odd ones', async () => {
    const questions = Object.keys(healthy).flatMap((tenant) =>
      ofTenant.map((line) => {
        const odd = rows.filter((row) => row.tenant === tenant).flatMap(({ jobs }) => jobs);
        const names = line.includes('--limit') ? [...healthy[tenant]!, ...odd] : [];
        return { tenant, line, names, about: tenant };
      }),
    );
    expect(await failuresOf(questions)).toEqual([]);
  }, 120_000);

  test('each odd job is shown alone', async () => {
    const questions = rows.flatMap(({ tenant, what, jobs }) =>
      ofJob.map(([name, state]) => {
        const job = jobs[states.indexOf(state)]!;
        return { tenant, line: [name, job], names: [job], about: what };
      }),
    );
    expect(await failuresOf(questions)).toEqual([]);
  }, 120_000);
});
