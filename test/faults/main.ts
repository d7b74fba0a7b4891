import { parseArgs } from 'node:util';
import { type Report, run } from './run.ts';

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
    ...lines,
    `jobs: ${table(report.jobs)}`,
    `partitions: ${table(report.partitions)}`,
    `attempts that did not simply complete: ${table(report.attempts)}`,
    `violations: ${report.violations.length}`,
    ...report.violations.map((line) => `  ${line}`),
    '',
  ].join('\n');
}

let failed = false;
for (let i = 0; i < Number(values.runs); i++) {
  const seed = Number(values.seed) + i;
  tell(`seed ${seed}, ${values.minutes} minutes of faults …`);
  const report = await run({
    seed,
    milliseconds: Number(values.minutes) * 60_000,
    speed: Number(values.speed),
    say: tell,
  });
  tell(describe(report));
  failed ||= report.violations.length > 0;
}
process.exitCode = failed ? 1 : 0;
