import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as pty from '@lydell/node-pty';
import { openDatabase } from '../../source/database/database.ts';
import { startBackfill } from '../../source/operations/start/start-backfill.ts';
import { binary, environmentFor, handlerDirectory, Worker } from '../support/worker.ts';
import type { Block } from './measure.ts';
import { type BenchDatabase, withClient } from './server.ts';

const tenant = 'memory';
const busy = Array.from({ length: 20 }, (_, at) => `busy_${String(at + 1).padStart(2, '0')}`);
const passing = 'passing';
const keyMs = 1_500;
const jobMs = 30_000;
const sampleMs = 5_000;

const enter = '\r';
const esc = '\x1b';
/** Through every screen and back to the job table, key by key; nothing is confirmed. */
const walk: readonly string[] = [
  ...['1', 'j', 'j', 'j', enter, '\t', 'j', '\t', 's', esc, esc],
  ...['3', 'j', enter, 's', esc, esc, '4', 'j', ']', ']', '0', '5', '6', '7', '1'],
  ...['/', 'busy_1', enter, 'e', esc, esc, 'p', esc, '?', 'retry', esc, esc, ':', 'paus', esc],
  ...['!', '!', '>', '<', 'w', 'w', 'Z', 'Z', 'g', ' ', 'j', ' ', 'X', esc, 'U', 'm', 'm'],
];
const sizes = [
  [120, 45],
  [80, 24],
  [200, 50],
] as const;

/**
 * A console at whose keys somebody plays, and the worker beside it: twenty jobs of which each changes once a second, and another one that begins and ends every half a
 * minute. A run of half an hour and more tells how much an hour would add.
 */
export async function memoryOverTime(database: BenchDatabase, minutes: number): Promise<Block> {
  const handler = (name: string) =>
    `select pg_sleep(1);
do $$ begin if random() < 0.01 then perform servo_fail('${name} differs from its source'); end if; end $$`;
  const names = [...busy, passing];
  const handlers = handlerDirectory(
    Object.fromEntries(names.map((name) => [`${name}.sql`, handler(name)])),
  );
  await withClient(database.superuser, async (client) => {
    for (const name of names) {
      await client.query(
        `insert into assets (id, name, asset_type, tenant_id, partition_config) values ($1, $2, 'table', $3, $4)`,
        [randomUUID(), name, tenant, { partition_type: { Time: { granularity: 'hour' } } }],
      );
    }
  });
  const db = openDatabase(database.app);
  const author = { tenant, actor: 'bench', reason: null };
  const start = (asset: string, from: string, to: string) =>
    startBackfill(db, author, { asset, start: from, end: to });
  for (const name of busy) await start(name, '2023-01-01', '2023-12-31');
  const args = ['--handlers', handlers, '--slots', String(names.length)];
  const worker = await new Worker(database.app, tenant, args).started();
  const terminal = pty.spawn(process.execPath, [binary, '--utc'], {
    cols: sizes[0][0],
    rows: sizes[0][1],
    env: { ...environmentFor(database.app, tenant), TERM: 'xterm-256color' } as Record<
      string,
      string
    >,
  });
  terminal.onData(() => {});
  const stop = new AbortController();
  const playing = every(keyMs, stop.signal, (at) => {
    const [columns, rows] = sizes[Math.floor(at / walk.length) % sizes.length]!;
    if (at % walk.length === 0) terminal.resize(columns, rows);
    terminal.write(walk[at % walk.length]!);
  });
  const coming = every(jobMs, stop.signal, async (at) => {
    const day = new Date(Date.UTC(2023, 0, 1 + at)).toISOString().slice(0, 10);
    await start(passing, day, day);
  });
  const memory: [console: number, executor: number][] = [];
  try {
    for (let minute = 0; minute < minutes; minute++) {
      const some: [number, number][] = [];
      for (let at = 0; at < 60_000 / sampleMs; at++) {
        await sleep(sampleMs);
        some.push([residentMiB(terminal.pid), residentMiB(worker.process.pid!)]);
      }
      memory.push([mean(some.map(([mine]) => mine)), mean(some.map(([, its]) => its))]);
      if (process.env.BENCH_SAMPLES) {
        appendFileSync(process.env.BENCH_SAMPLES, `${minute}\t${memory.at(-1)!.join('\t')}\n`);
      }
    }
  } finally {
    stop.abort();
    await Promise.all([playing, coming]);
    terminal.kill('SIGKILL');
    await worker.kill('SIGTERM');
    await db.close();
    rmSync(handlers, { recursive: true });
  }
  const of = (index: 0 | 1, name: string) => {
    const figures = memory.map((minute) => minute[index]);
    const part = Math.max(1, Math.min(10, Math.floor(minutes / 2)));
    return {
      last: mean(figures.slice(-part)),
      rows: [
        { name: `${name}, each minute`, figures, unit: 'MiB' },
        {
          name: `${name}, first ${part} min`,
          figures: [mean(figures.slice(0, part))],
          unit: 'MiB',
        },
        { name: `${name}, last ${part} min`, figures: [mean(figures.slice(-part))], unit: 'MiB' },
        // Before that it is what is loaded once.
        ...(minutes < 30
          ? []
          : [
              {
                name: `${name}, slope of the second half`,
                figures: [60 * slope(figures.slice(Math.floor(minutes / 2)))],
                unit: 'MiB an hour',
              },
            ]),
      ],
    };
  };
  const [console, executor] = [of(0, 'console'), of(1, 'executor')];
  return {
    name: `memory over ${minutes} minutes, 20 running jobs at 1 Hz, a key each ${keyMs / 1000} s`,
    rows: [...console.rows, ...executor.rows],
    budgets: [
      { name: 'console, MiB', figure: console.last, at: 'most', limit: 150 },
      { name: 'executor, MiB', figure: executor.last, at: 'most', limit: 150 },
    ],
  };
}

async function every(ms: number, signal: AbortSignal, work: (at: number) => unknown) {
  for (let at = 0; !signal.aborted; at++) {
    await work(at);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

function residentMiB(pid: number): number {
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(rss![1]) / 1024;
}

function mean(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
}

/** Of the line of least squares, for each step. */
function slope(figures: readonly number[]): number {
  const [x, y] = [(figures.length - 1) / 2, mean(figures)];
  const products = figures.map((figure, at) => (at - x) * (figure - y));
  const squares = figures.map((_, at) => (at - x) ** 2);
  return figures.length < 2 ? 0 : mean(products) / mean(squares);
}
