import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { thresholdDefaults } from '../../source/domain/triage/thresholds.ts';
import { silentLog } from '../../source/observability/log.ts';
import { Monitor } from '../../source/observability/monitor.ts';
import { Backfills, functionHandler, Gate, keys, tenant } from '../support/backfill.ts';
import { Exposition, sumOf } from '../support/exposition.ts';
import { waitFor } from '../support/wait-for.ts';

let backfills: Backfills;
let monitors: Monitor[];

beforeEach(async () => {
  backfills = await Backfills.open();
  monitors = [];
});

afterEach(async () => {
  await Promise.all(monitors.map((monitor) => monitor.close()));
  await backfills.close();
});

async function monitor(options: { executes?: boolean; tenants?: string[] } = {}): Promise<Monitor> {
  const started = await Monitor.start({
    address: { host: '127.0.0.1', port: 0 },
    settings: backfills.database.app,
    tenants: options.tenants ?? [tenant],
    thresholds: thresholdDefaults,
    log: silentLog,
    executes: options.executes ?? false,
    lease_ms: 3_000,
  });
  monitors.push(started);
  return started;
}

/** Two executors, each with metrics of its own. */
async function twoExecutors(run: Parameters<typeof functionHandler>[1]): Promise<Monitor[]> {
  const pair = [await monitor({ executes: true }), await monitor({ executes: true })];
  for (const one of pair) {
    const executor = await backfills.execute([functionHandler('orders', run)], {
      slots: 2,
      meter: one.meter,
      // Attempts are counted: no lease may run out because the machine is busy.
      speed: 5,
    });
    one.watch(() => executor.vitals());
  }
  return pair;
}

const scrape = (those = monitors) =>
  Promise.all(those.map(({ address }) => Exposition.of(address)));
const active = (state: string) => `servo_backfill_jobs_active{state="${state}"}`;
const reporting = (expositions: readonly Exposition[]) =>
  expositions.filter((one) => one.types.has('servo_backfill_jobs_active'));

/** The scrape in which one process reports the tenant. */
async function reported(): Promise<Exposition> {
  return waitFor('a process to report the tenant', async () => reporting(await scrape())[0]);
}

describe('with two executors', () => {
  test('a tenant is reported once, and the counters add up', async () => {
    const gate = new Gate();
    const tried = new Set<string>();
    await twoExecutors(async (key, attempt) => {
      if (key.startsWith('g')) await gate.opened;
      if (key === 'k00003') return { kind: 'fatal', message: 'never' };
      if (key === 'k00005') return { kind: 'failed', message: 'always' };
      if (key === 'k00007' && attempt === 1) return { kind: 'failed', message: 'at first' };
      tried.add(key);
      return undefined;
    });
    const strategy = { type: 'parallel', max_parallel: 4, max_attempts: 2 };
    const done = await backfills.job({ keys: keys(40), strategy });
    await backfills.state(done, 'failed');
    const held = await backfills.job({ keys: keys(4, 'g'), strategy });
    await waitFor('both to run a partition', async () => {
      const busy = sumOf(await scrape(), 'servo_executor_slots_busy');
      return busy === 4;
    });
    // A reading of the last second may be used again.
    const both = await waitFor('the running job to be reported', async () => {
      const seen = await scrape();
      return sumOf(seen, active('running')) > 0 ? seen : null;
    });
    expect(sumOf(both, active('running'))).toBe(1);
    expect(reporting(both)).toHaveLength(1);
    for (const state of ['pending', 'waiting_upstream', 'paused', 'resuming'])
      expect(reporting(both)[0]!.value(active(state))).toBe(0);
    expect(sumOf(both, 'servo_backfill_executors_alive')).toBe(2);
    const completion = (status: string) =>
      sumOf(both, `servo_backfill_partition_completion_total{status="${status}"}`);
    expect([completion('completed'), completion('failed')]).toEqual([38, 2]);
    expect(sumOf(both, 'servo_backfill_partitions_processed_total')).toBe(40);
    const ran = (status: string) =>
      sumOf(both, `servo_backfill_partition_duration_seconds_count{status="${status}"}`);
    // Two attempts of one, the first of another, and the one that is fatal.
    expect([ran('completed'), ran('failed')]).toEqual([38, 4]);
    const attempts = (outcome: string) =>
      sumOf(both, `servo_executor_attempts_total{outcome="${outcome}"}`);
    expect([attempts('completed'), attempts('failed'), attempts('fatal')]).toEqual([38, 3, 1]);
    await waitFor('the end of the job to be counted', async () => {
      const seen = await scrape();
      return sumOf(seen, 'servo_backfill_job_duration_seconds_count{status="failed"}') > 0;
    });
    expect(sumOf(both, 'servo_backfill_job_claim_latency_seconds_count')).toBe(2);
    expect(sumOf(both, 'servo_executor_claims_total{result="claimed"}')).toBe(2);
    expect(sumOf(both, 'servo_executor_slots')).toBe(4);
    expect(sumOf(both, 'servo_executor_batches_total{result="ok"}')).toBeGreaterThan(1);
    gate.open();
    await backfills.state(held, 'completed');
    await waitFor('the second end to be counted', async () => {
      const seen = await scrape();
      return sumOf(seen, 'servo_backfill_job_duration_seconds_count{status="completed"}') > 0;
    });
    const after = await scrape();
    expect(sumOf(after, 'servo_backfill_job_duration_seconds_count{status="completed"}')).toBe(1);
    expect(sumOf(after, 'servo_backfill_job_duration_seconds_count{status="failed"}')).toBe(1);
    expect(after.map((one) => one.value('servo_executor_hold{reason="draining"}'))).toEqual([0, 0]);
  });

  test('another process reports the tenant when the first one stops, and when it dies', async () => {
    const [one, other] = [await monitor(), await monitor()];
    const first = (await reported()).value(active('pending'));
    expect(first).toBe(0);
    const leader = reporting(await scrape([one]))[0] === undefined ? other : one;
    await leader.close();
    const follower = leader === one ? other : one;
    await waitFor('the other to report', async () => reporting(await scrape([follower])).length);
    // As if it had died: the lease is neither renewed nor released.
    await backfills.rows(
      `update backfill_leaders set holder = 'a dead one', expires_at = clock_timestamp() + interval '2 seconds'`,
    );
    await waitFor('it to be silent', async () => reporting(await scrape([follower])).length === 0);
    await waitFor('it to report again', async () => reporting(await scrape([follower])).length);
  });
});

test('the executor that claims a job observes the pause that ends', async () => {
  const [one] = await twoExecutors(() => undefined);
  const job = await backfills.job({
    keys: keys(2),
    columns: { state: 'paused', paused_at: new Date(Date.now() - 90_000) },
  });
  await backfills.rows(
    `update backfill_jobs set state = 'resuming', heartbeat_at = clock_timestamp() - interval '3 seconds' where id = $1`,
    [job],
  );
  await backfills.state(job, 'completed');
  const both = await scrape();
  expect(sumOf(both, 'servo_backfill_pause_duration_seconds_count')).toBe(1);
  const paused = sumOf(both, 'servo_backfill_pause_duration_seconds_sum');
  expect(paused).toBeGreaterThan(80);
  expect(paused).toBeLessThan(600);
  const waited = sumOf(both, 'servo_backfill_job_claim_latency_seconds_sum');
  expect(waited).toBeGreaterThan(2.5);
  expect(waited).toBeLessThan(300);
  expect((await Exposition.of(one!.address)).value('servo_executor_jobs')).toBeDefined();
});

test('the figures of a tenant, from its jobs', async () => {
  await monitor();
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const running = (columns: Record<string, unknown>) =>
    backfills.job({
      keys: keys(10),
      columns: {
        state: 'running',
        total_partitions: 10,
        heartbeat_at: ago(0),
        started_at: ago(10),
        avg_partition_duration_ms: 600_000,
        ...columns,
      },
    });
  // 100 minutes to go.
  await running({ sla_deadline_at: ago(-90) });
  await running({ sla_deadline_at: ago(-200), started_at: ago(300) });
  // Stale: its ETA is not known, and so neither is its risk.
  await running({ sla_deadline_at: ago(-50), heartbeat_at: ago(6) });
  await running({ sla_deadline_at: ago(5), completed_partitions: 9 });
  await running({ avg_partition_duration_ms: null });
  await backfills.job({ keys: keys(1), columns: { sla_deadline_at: ago(1) } });
  await backfills.job({ keys: keys(1), columns: { sla_deadline_at: ago(-10) } });
  await backfills.job({ keys: keys(1), columns: { state: 'paused', sla_deadline_at: ago(1) } });
  await backfills.job({ keys: keys(1), columns: { state: 'completed', sla_deadline_at: ago(9) } });
  const seen = await reported();
  expect(seen.value('servo_backfill_sla_at_risk_jobs')).toBe(1);
  expect(seen.value('servo_backfill_sla_breached_jobs')).toBe(3);
  const buffer = seen.value('servo_backfill_sla_least_buffer_seconds')!;
  // The breached one: 10 minutes to go, 5 late.
  expect(buffer).toBeLessThan(-890);
  expect(buffer).toBeGreaterThan(-1000);
  expect(seen.value('servo_backfill_stale_jobs')).toBe(1);
  expect(seen.value('servo_backfill_oldest_heartbeat_age_seconds')).toBeGreaterThan(359);
  expect(seen.value('servo_backfill_oldest_heartbeat_age_seconds')).toBeLessThan(420);
  expect(seen.value('servo_backfill_longest_running_seconds')).toBeGreaterThan(17_999);
  expect(seen.value('servo_backfill_longest_running_seconds')).toBeLessThan(18_060);
  expect(seen.value(active('running'))).toBe(5);
  expect(seen.value(active('pending'))).toBe(2);
  expect(seen.value(active('paused'))).toBe(1);
  // 100, 100 and 10 minutes; unknown ones are left out.
  expect(seen.value('servo_backfill_eta_distribution_seconds_count')).toBe(3);
  expect(seen.value('servo_backfill_eta_distribution_seconds_bucket{le="3600"}')).toBe(1);
  expect(seen.value('servo_backfill_eta_distribution_seconds_bucket{le="7200"}')).toBe(3);
});

test('an early warning counts jobs near their deadline', async () => {
  const near = await Monitor.start({
    address: { host: '127.0.0.1', port: 0 },
    settings: backfills.database.app,
    tenants: [tenant],
    thresholds: { ...thresholdDefaults, early_warning: 30 * 60_000 },
    log: silentLog,
    executes: false,
  });
  monitors.push(near);
  const started = { started_at: new Date(), heartbeat_at: new Date() };
  const columns = { state: 'running', avg_partition_duration_ms: 600_000, ...started };
  for (const minutes of [25, 55])
    await backfills.job({
      keys: keys(1),
      columns: { ...columns, sla_deadline_at: new Date(Date.now() + minutes * 60_000) },
    });
  expect((await reported()).value('servo_backfill_sla_at_risk_jobs')).toBe(1);
});

test('the series are the runbook’s, by name, type and labels, and no label names a tenant, asset or job', async () => {
  await twoExecutors(() => undefined);
  const seen = await reported();
  const reference: Record<string, [type: string, labels: string[]]> = {
    servo_backfill_jobs_active: ['gauge', ['state']],
    servo_backfill_eta_distribution_seconds: ['histogram', []],
    servo_backfill_pause_duration_seconds: ['histogram', []],
    servo_backfill_partition_duration_seconds: ['histogram', ['status']],
    servo_backfill_partition_completion_total: ['counter', ['status']],
    servo_backfill_sla_at_risk_jobs: ['gauge', []],
    servo_backfill_sla_breached_jobs: ['gauge', []],
    servo_backfill_job_claim_latency_seconds: ['histogram', []],
    servo_backfill_job_duration_seconds: ['histogram', ['status']],
    servo_backfill_partitions_processed_total: ['counter', []],
  };
  const labelsOf = (metric: string) => {
    const series = [...seen.values.keys()].filter(
      (name) => name.replace(/(_bucket|_sum|_count)?(\{.*)?$/, '') === metric || name === metric,
    );
    const labels = series.flatMap((name) => [...name.matchAll(/(\w+)="/g)].map(([, one]) => one!));
    return [...new Set(labels)].filter((label) => label !== 'le').sort();
  };
  for (const [metric, [type, labels]] of Object.entries(reference)) {
    expect([metric, seen.types.get(metric)]).toEqual([metric, type]);
    expect([metric, labelsOf(metric)]).toEqual([metric, labels]);
  }
  const allowed = ['connection', 'le', 'outcome', 'reason', 'result', 'state', 'status', 'version'];
  const ours = [...seen.values.keys()].filter((name) => name.startsWith('servo_'));
  const used = ours.flatMap((name) => [...name.matchAll(/(\w+)="/g)].map(([, one]) => one!));
  expect([...new Set(used)].sort()).toEqual(allowed);
});

test('one process exports the sum over its tenants, without their names', async () => {
  await backfills.job({ keys: keys(1) });
  await backfills.rows(
    `insert into assets (id, name, asset_type, tenant_id) values (gen_random_uuid(), 'orders', 'table', 'globex');
     insert into backfill_jobs (tenant_id, asset_id, asset_name, idempotency_key)
       select tenant_id, id, name, 'a' from assets where tenant_id = 'globex'`,
  );
  await backfills.rows(
    `insert into backfill_executors (id, tenant_id, host, pid, version, slots, handlers)
     values ('h:1:x', 'acme', 'h', 1, '0', 1, '{}'), ('h:1:x', 'globex', 'h', 1, '0', 1, '{}')`,
  );
  await monitor({ tenants: [tenant, 'globex'] });
  const seen = await reported();
  expect(seen.value(active('pending'))).toBe(2);
  // It serves both, and is one.
  expect(seen.value('servo_backfill_executors_alive')).toBe(1);
  expect([...seen.values.keys()].join('\n')).not.toMatch(/acme|globex|orders/);
});
