import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentFor, handlerDirectory, Worker } from '../support/worker.ts';
import { type Block, median } from './measure.ts';
import { graphileWorkers } from './peers/graphile-worker.ts';
import type { BenchDatabase } from './server.ts';

const warmUpMs = 5_000;
const watchMs = 20_000;
/** Of /proc/<pid>/stat: ticks a second, which Linux has fixed for programs. */
const ticks = 100;

type Usage = { cpu: number; rss: number };

/** What an executor with nothing to do takes, beside an idle graphile-worker: two real processes, watched at the same time. */
export async function idleExecutor(database: BenchDatabase, rounds: number): Promise<Block> {
  const ours: Usage[] = [];
  const theirs: Usage[] = [];
  const [peer] = await graphileWorkers(database);
  const handlers = handlerDirectory({ 'idle.sql': 'select $1' });
  const tasks = mkdtempSync(join(tmpdir(), 'servo-tui-bench-tasks-'));
  mkdirSync(join(tasks, 'tasks'));
  writeFileSync(join(tasks, 'tasks', 'noop.js'), 'module.exports = () => {};');
  try {
    for (let round = 0; round < rounds; round++) {
      const worker = await new Worker(database.app, 'bench', ['--handlers', handlers]).started();
      const other = spawn(process.execPath, [peer!.program, '--schema', peer!.schema], {
        cwd: tasks,
        env: { ...environmentFor(database.superuser, 'bench'), DATABASE_URL: 'postgres:///' },
        stdio: 'ignore',
      });
      try {
        await sleep(warmUpMs);
        const [mine, its] = await Promise.all([worker.process, other].map(watch));
        ours.push(mine!);
        theirs.push(its!);
      } finally {
        await worker.kill('SIGTERM');
        other.kill('SIGKILL');
      }
    }
  } finally {
    for (const folder of [handlers, tasks]) rmSync(folder, { recursive: true });
  }
  const memory = ours.map((usage) => usage.rss);
  return {
    name: `an idle executor, ${watchMs / 1000} s`,
    rows: [
      { name: 'servo-tui, CPU', figures: ours.map((usage) => usage.cpu), unit: 'ms a second' },
      {
        name: `${peer!.name}, CPU`,
        figures: theirs.map((usage) => usage.cpu),
        unit: 'ms a second',
      },
      { name: 'servo-tui, memory', figures: memory, unit: 'MiB' },
      { name: `${peer!.name}, memory`, figures: theirs.map((usage) => usage.rss), unit: 'MiB' },
    ],
    budgets: [{ name: 'memory, MiB', figure: median(memory), at: 'most', limit: 150 }],
  };
}

async function watch({ pid, exitCode }: ChildProcess): Promise<Usage> {
  if (exitCode !== null) throw new Error('the process has ended');
  const before = cpuMs(pid!);
  await sleep(watchMs);
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { cpu: (cpuMs(pid!) - before) / (watchMs / 1000), rss: Number(rss![1]) / 1024 };
}

/** User and system time that the process has taken. */
function cpuMs(pid: number): number {
  // The program's name in the second field may hold anything, also spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
}
