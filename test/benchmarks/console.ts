import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as pty from '@lydell/node-pty';
import { binary, environmentFor } from '../support/worker.ts';
import { makeSized, type Sized } from './at-size-data.ts';
import { type Block, median, percentile, type Row } from './measure.ts';
import { type BenchDatabase, withClient } from './server.ts';

const size = { cols: 120, rows: 45 };
const keys = 60;
const watchMs = 20_000;
/** Of /proc/<pid>/stat: ticks a second, which Linux has fixed for programs. */
const ticks = 100;

/** A program in a pseudo-terminal: what it writes, and when. */
class Terminal {
  readonly pty: pty.IPty;
  readonly began = performance.now();
  bytes = 0;
  output = '';
  #heard: (() => void)[] = [];

  constructor(command: string, args: string[], env: NodeJS.ProcessEnv) {
    const clean = { ...env, TERM: 'xterm-256color' } as Record<string, string>;
    for (const name of ['CI', 'NO_COLOR', 'FORCE_COLOR']) delete clean[name];
    this.pty = pty.spawn(command, args, { ...size, env: clean });
    this.pty.onData((data) => {
      this.bytes += Buffer.byteLength(data);
      this.output += data;
      for (const heard of this.#heard.splice(0)) heard();
    });
  }

  /** Until it writes something, or so many milliseconds have passed. */
  heard(most: number): Promise<void> {
    return Promise.race([
      new Promise<void>((resolve) => this.#heard.push(resolve)),
      sleep(most, undefined, { ref: false }),
    ]);
  }

  /** Milliseconds from its start until it has written this. */
  async until(text: string): Promise<number> {
    for (let waited = 0; !this.output.includes(text); waited++) {
      if (waited > 300) throw new Error(`it never wrote "${text}": ${this.output.slice(-500)}`);
      await this.heard(100);
    }
    return performance.now() - this.began;
  }

  async bytesPerSecond(ms: number): Promise<number> {
    const before = this.bytes;
    await sleep(ms);
    return (this.bytes - before) / (ms / 1000);
  }

  /** User and system time in milliseconds, and memory in MiB. */
  get usage(): { cpu: number; memory: number } {
    const fields = readFileSync(`/proc/${this.pty.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pty.pid}/status`, 'utf8'));
    return {
      cpu: ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks,
      memory: Number(rss![1]) / 1024,
    };
  }
}

function consoleOn({ database }: Sized, ...args: string[]): Terminal {
  const env = environmentFor(database.app, 'bench');
  return new Terminal(process.execPath, [binary, '--utc', ...args], env);
}

/** Every key moves the cursor: down and up, a page down and up. */
const there = ['j', 'k', 'j', 'j', 'k', 'k', '\x1b[6~', '\x1b[5~'];

/** From the moment that a key is written to the terminal until the first byte comes back. */
async function keyTimes(terminal: Terminal): Promise<number[]> {
  const times: number[] = [];
  for (let key = 0; key < keys; key++) {
    await sleep(60 + (key % 7) * 23);
    const heard = terminal.heard(1000);
    const began = performance.now();
    terminal.pty.write(there[key % there.length]!);
    await heard;
    times.push(performance.now() - began);
  }
  return times;
}

/** The console in a real pseudo-terminal; htop and pg_activity beside it where they are installed. */
export async function consoleInTerminal(
  database: BenchDatabase,
  rounds: number,
  scale: number,
): Promise<Block> {
  const [few, many] = [
    await makeSized(database, 100, 100),
    await makeSized(database, 100_000 * scale, 1000),
  ];
  // What runs and is not run by anybody ages, and times within hours are told by the minute: here
  // nothing shall change. The jobs with the nearest deadlines are moved back by a month.
  await withClient(many.database.superuser, (client) =>
    client.query(
      `update backfill_jobs set state = case when state in ('running', 'resuming') then 'paused' else state end,
         created_at = case when sla_deadline_at < now() + interval '1 day'
           then created_at - interval '30 days 12 hours' else created_at end,
         sla_deadline_at = case when sla_deadline_at < now() + interval '1 day'
           then sla_deadline_at - interval '30 days 12 hours' else sla_deadline_at end
       where state in ('running', 'resuming') or sla_deadline_at < now() + interval '1 day'`,
    ),
  );
  const figures: Record<string, number[]> = {};
  const add = (name: string, ...values: number[]) => {
    figures[name] = [...(figures[name] ?? []), ...values];
  };
  for (let round = 0; round < rounds; round++) {
    for (const [name, sized] of [
      ['100', few],
      [many.jobs.toLocaleString('en'), many],
    ] as const) {
      // The refresh of a still table writes nothing: every byte is the key's.
      const terminal = consoleOn(sized);
      try {
        add(`first paint, ${name} jobs`, await terminal.until('asset_'));
        await sleep(1500);
        add(`key → first byte, ${name} jobs`, ...(await keyTimes(terminal)));
        if (name === '100') continue;
        await sleep(3500);
        const before = terminal.usage;
        add('bytes, nothing changes', await terminal.bytesPerSecond(watchMs));
        add('CPU at rest', (terminal.usage.cpu - before.cpu) / (watchMs / 1000));
        add('memory', terminal.usage.memory);
      } finally {
        terminal.pty.kill('SIGKILL');
      }
    }
    const terminal = consoleOn(few);
    const still = await moving(few);
    try {
      await terminal.until('asset_');
      await sleep(2500);
      add('bytes, 20 jobs run', await terminal.bytesPerSecond(watchMs));
    } finally {
      terminal.pty.kill('SIGKILL');
      await still();
    }
    for (const [name, command, args, shown] of peers(few)) {
      const peer = new Terminal(command, args, environmentFor(few.database.superuser, 'bench'));
      try {
        add(`first paint, ${name}`, await peer.until(shown));
        await sleep(2000);
        add(`bytes, ${name}`, await peer.bytesPerSecond(watchMs));
        add(`memory, ${name}`, peer.usage.memory);
      } finally {
        peer.pty.kill('SIGKILL');
      }
    }
    for (const [name, command, args] of listings(few)) {
      const began = performance.now();
      const { status, stderr } = spawnSync(command, args, {
        env: environmentFor(few.database.app, 'bench'),
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      add(name, performance.now() - began);
    }
  }
  const large = `key → first byte, ${many.jobs.toLocaleString('en')} jobs`;
  const first = `first paint, ${many.jobs.toLocaleString('en')} jobs`;
  const rows: Row[] = Object.entries(figures).map(([name, values]) => ({
    name,
    figures: values,
    unit: name.startsWith('bytes')
      ? 'bytes a second'
      : name.startsWith('memory')
        ? 'MiB'
        : name.startsWith('CPU')
          ? 'ms a second'
          : 'ms',
    ...(name.startsWith('key') ? { show: 'percentiles' as const } : {}),
  }));
  return {
    name: `the console, ${size.cols}×${size.rows}`,
    rows,
    budgets: [
      { name: `${large}, p95`, figure: percentile(figures[large]!, 95), at: 'most', limit: 16 },
      {
        name: 'bytes a second, 20 jobs run',
        figure: median(figures['bytes, 20 jobs run']!),
        at: 'most',
        limit: 600,
      },
      {
        name: 'bytes a second, nothing changes',
        figure: median(figures['bytes, nothing changes']!),
        at: 'most',
        limit: 0,
      },
      { name: first, figure: median(figures[first]!), at: 'most', limit: 250 },
      { name: 'memory, MiB', figure: median(figures.memory!), at: 'most', limit: 150 },
      {
        name: 'list --json ÷ bare node and pg',
        figure: median(figures['list --json']!) / median(figures['bare node and pg']!),
        at: 'most',
        limit: 1.15,
      },
    ],
    notes:
      peers(few).length < 2 ? ['htop and pg_activity are measured where they are installed'] : [],
  };
}

/** Twenty jobs that get on every second; gives what stops them. */
async function moving({ database }: Sized): Promise<() => Promise<void>> {
  let stopped = false;
  const ticking = withClient(database.superuser, async (client) => {
    await client.query('set session_replication_role = replica');
    while (!stopped) {
      await client.query(
        `update backfill_jobs set completed_partitions = completed_partitions + 1 + execution_order, total_partitions = 100000, heartbeat_at = now()
         where state = 'running'`,
      );
      await sleep(1000);
    }
  });
  return async () => {
    stopped = true;
    await ticking;
  };
}

type Peer = [name: string, command: string, args: string[], shown: string];

function peers({ database }: Sized): Peer[] {
  const { host, port, user } = database.superuser;
  const all: Peer[] = [
    ['htop', 'htop', ['-d', '10'], 'Tasks'],
    [
      'pg_activity',
      'pg_activity',
      ['-h', String(host), '-p', String(port), '-U', String(user), '--refresh', '1'],
      'PID',
    ],
  ];
  return all.filter(([, command]) => spawnSync(command, ['--version']).status === 0);
}

/** `list --json`, the least that Node can do for the same rows, and psql. */
function listings({ database }: Sized): [name: string, command: string, args: string[]][] {
  const sql = 'select * from backfill_jobs order by created_at desc limit 100';
  const script = `const { Client } = require('pg'); const client = new Client({ host: process.env.PGHOST });
    client.connect().then(async () => {
      await client.query("select set_config('app.current_tenant', 'bench', false)");
      process.stdout.write(JSON.stringify((await client.query('${sql}')).rows)); await client.end();
    });`;
  return [
    ['list --json', process.execPath, [binary, 'list', '--json']],
    ['bare node and pg', process.execPath, ['-e', script]],
    ...(spawnSync('psql', ['--version']).status === 0
      ? [['psql', 'psql', ['-d', database.app.database, '-c', sql]] as [string, string, string[]]]
      : []),
  ];
}
