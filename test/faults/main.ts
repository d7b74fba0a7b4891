import { parseArgs } from 'node:util';
import { findPgBouncer } from './pgbouncer.ts';
import { type Report, type RunOptions, run } from './run.ts';
import { findReplicationPrograms } from './server-pair.ts';

// `npm run faults -- --seed N --minutes M [--runs R]`: R runs with the seeds N, N + 1, …, of M minutes each.
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '2' },
    runs: { type: 'string', default: '1' },
    speed: { type: 'string', default: '50' },
  },
});

const tell = (text: string) => void process.stdout.write(`${text}\n`);

const table = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none';

function describe(report: Report): string {
  const faults = Object.values(report.thrown).reduce((sum, n) => sum + n, 0);
  const lines = Object.entries(report.thrown)
    .sort((one, other) => other[1] - one[1])
    .map(([name, count]) => `  ${String(count).padStart(5)}  ${name}`);
  return [
    `seed ${report.seed}: ${report.seconds} s, ${faults} faults`,
    `settings of the role: ${report.defaults.join('; ')}`,
    ...lines,
    `jobs: ${table(report.jobs)}; of them with upstreams: ${table(report.trees)}`,
    `partitions: ${table(report.partitions)}`,
    `attempts that did not simply complete: ${table(report.attempts)}`,
    `violations: ${report.violations.length}`,
    ...report.violations.map((line) => `  ${line}`),
    ...report.dossiers,
    '',
  ].join('\n');
}

// A run that is broken off takes its server and its workers along.
const brokenOff = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => brokenOff.abort());

let failed = false;
type Kind = Pick<RunOptions, 'pooler' | 'replication'>;
const once = async (seed: number, minutes: number, what: string, kind: Kind = {}) => {
  tell(`seed ${seed}, ${minutes} minutes of faults${what} …`);
  const speed = Number(values.speed);
  const { signal } = brokenOff;
  const milliseconds = minutes * 60_000;
  const report = await run({ seed, milliseconds, speed, ...kind, say: tell, signal });
  tell(describe(report));
  failed ||= report.violations.length > 0;
};
const [first, minutes, runs] = [Number(values.seed), Number(values.minutes), Number(values.runs)];
for (let i = 0; i < runs; i++) await once(first + i, minutes, '');
// Where the programs are installed: once more through a pooler in transaction mode, and with a standby that takes over.
const pooler = findPgBouncer();
if (pooler !== null)
  await once(first + runs, Math.min(minutes, 2), ', through PgBouncer', { pooler });
const replication = findReplicationPrograms();
if (replication !== null)
  await once(first + runs + 1, Math.min(minutes, 2), ', with failovers', { replication });
process.exitCode = failed ? 1 : 0;
