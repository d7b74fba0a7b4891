import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { atSize } from './at-size.ts';
import { consoleInTerminal } from './console.ts';
import { creatingAJob } from './creating-a-job.ts';
import { firstAttempt } from './first-attempt.ts';
import { forecasting } from './forecast.ts';
import { idleExecutor } from './idle-executor.ts';
import { killedExecutor } from './killed-executor.ts';
import { type Block, held, report } from './measure.ts';
import { memoryOverTime } from './memory.ts';
import { messagesPerPartition } from './messages-per-partition.ts';
import { noOpPartitions } from './no-op-partitions.ts';
import { overtaking } from './overtaking.ts';
import { pausing } from './pausing.ts';
import { scraping } from './scraping.ts';
import { type BenchDatabase, withServer } from './server.ts';
import { sharing } from './sharing.ts';
import { sqlHandlers } from './sql-handlers.ts';

const benchmarks: Readonly<
  Record<string, (database: BenchDatabase, rounds: number, scale: number) => Promise<Block>>
> = {
  'no-op': noOpPartitions,
  sql: sqlHandlers,
  messages: messagesPerPartition,
  'first-attempt': firstAttempt,
  overtaking,
  pausing,
  sharing,
  idle: idleExecutor,
  'create-job': creatingAJob,
  killed: killedExecutor,
  forecast: forecasting,
  scrape: scraping,
  'at-size': atSize,
  console: consoleInTerminal,
  memory: (database) => memoryOverTime(database, minutes),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '5' },
  },
});
const rounds = Number(values.rounds);
const scale = Number(values.scale);
const minutes = Number(values.minutes);
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
const unknown = names.filter((name) => benchmarks[name] === undefined);
if (
  unknown.length > 0 ||
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  !(scale > 0) ||
  !(minutes >= 1)
) {
  console.error(
    `usage: npm run bench -- [${Object.keys(benchmarks).join('] [')}] [--rounds N (3)] [--scale S of at-size, console and forecast (1)] [--minutes M of memory (5)]`,
  );
  process.exit(2);
}

await withServer(async (database, version) => {
  const [cpu] = cpus();
  console.log(
    `Node ${process.version}, PostgreSQL ${version} on this host, ${cpus().length} × ${cpu?.model.trim()}; ${rounds} rounds: median (least–most)\n`,
  );
  const broken: string[] = [];
  for (const name of names) {
    const block = await benchmarks[name]!(database, rounds, scale);
    console.log(`${report(block)}\n`);
    broken.push(
      ...block.budgets.filter((budget) => !held(budget)).map((b) => `${name}: ${b.name}`),
    );
  }
  console.log(broken.length === 0 ? 'every budget is held' : `NOT held: ${broken.join('; ')}`);
});
