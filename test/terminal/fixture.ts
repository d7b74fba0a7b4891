// The console on an in-memory database, for tests in a real pseudo-terminal and for looking at
// screens. Arguments: varied | empty | many | live | busy | crash | reject | exit, and options.
import { appendFileSync } from 'node:fs';
import type { ReadStream, WriteStream } from 'node:tty';
import { runConsole } from '../../source/console/app/run-console.ts';
import { ServoError } from '../../source/errors.ts';
import { aJob, now } from '../support/jobs.ts';
import { MemoryDatabase, variedJobs } from '../support/memory-database.ts';

const [scenario = 'varied', ...options] = process.argv.slice(2);
const live = scenario === 'live' || scenario === 'busy';
const clock = () => (live ? new Date() : now);

const scenarios: Record<string, () => ReturnType<typeof variedJobs>> = {
  empty: () => [],
  busy: () =>
    Array.from({ length: 20 }, (_, index) =>
      aJob({
        number: index + 1,
        asset_name: `asset_${index + 1}`,
        total_partitions: 50_000,
        rate_base: { at: clock(), completed: 40 },
      }),
    ),
  many: () =>
    Array.from({ length: 1000 }, (_, index) =>
      aJob({ number: index + 1, asset_name: `asset_${String(index + 1).padStart(4, '0')}` }),
    ),
};
const database = new MemoryDatabase((scenarios[scenario] ?? (() => variedJobs(clock())))(), clock);

if (live) {
  setInterval(() => {
    for (const job of database.jobs.values()) {
      if (job.state === 'resuming')
        database.change(job.id, { state: 'running', running_slots: 2, version: job.version + 1 });
      if (job.state !== 'running') {
        if (job.running_slots > 0)
          database.change(job.id, { running_slots: job.running_slots - 1 });
        continue;
      }
      const done = Math.min(job.total_partitions, job.completed_partitions + job.running_slots);
      if (job.running_slots > 0)
        database.change(job.id, { completed_partitions: done, heartbeat_at: clock() });
    }
  }, 1000);
}

function tell(line: string): void {
  if (process.env.FIXTURE_JOURNAL) appendFileSync(process.env.FIXTURE_JOURNAL, `${line}\n`);
}

tell(`pid ${process.pid}`);

/** Ways to fail, when a job is opened. */
const accidents: Record<string, () => void> = {
  crash: () => {
    setImmediate(() => {
      throw new Error('the fixture crashed');
    });
  },
  reject: () => void Promise.reject(new Error('the fixture rejected')),
  exit: () => process.exit(7),
};

// The database goes away with one signal, and comes back with the next.
process.on('SIGUSR2', () => {
  database.failure =
    database.failure === null
      ? new ServoError('database_unreachable', 'connection refused', { hint: 'is it running?' })
      : null;
});

const code = await runConsole({
  perform: async (effect) => {
    tell(effect.type === 'act' ? `act ${effect.action}` : effect.type);
    if (effect.type === 'load-job') accidents[scenario]?.();
    if (options.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 300));
    return database.perform(effect);
  },
  labels: {
    context: options.includes('context') ? 'prod' : null,
    database: 'warehouse',
    tenant: 'acme',
    embedded: options.includes('embedded'),
    rls_bypassed: options.includes('bypassed'),
  },
  read_only: options.includes('read-only'),
  stdin: process.stdin as ReadStream,
  stdout: process.stdout as WriteStream,
  utc: true,
  ascii: options.includes('ascii'),
  interval_ms: Number(process.env.FIXTURE_INTERVAL ?? 200),
}).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return 1;
});
// Like the program, it ends when nothing is left to do.
if (options.includes('linger')) process.exitCode = code;
else process.exit(code);
