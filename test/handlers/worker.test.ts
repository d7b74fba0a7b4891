import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { isAlive } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory, Worker } from '../support/worker.ts';

let backfills: Backfills;
let worker: Worker | undefined;
const others: Worker[] = [];

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(async () => {
  await worker?.kill();
  worker = undefined;
  await Promise.all(others.splice(0).map((one) => one.kill()));
  await backfills.close();
});

function start(directory: string, ...args: string[]): Worker {
  worker = new Worker(
    backfills.database.app,
    tenant,
    ['--handlers', directory, '--slots', '2', ...args],
    { SERVO_SPEED: '50' },
  );
  return worker;
}

it('the program runs every kind of handler, and none sees or prints secrets', async () => {
  await backfills.rows('create table effects (key text); grant all on effects to servo_app');
  const directory = handlerDirectory({
    'copied.sql': 'insert into effects values ($1)',
    'threaded.mjs':
      'export default ({ partition_key }) => console.log("thread", partition_key, process.env.PGHOST)',
    run: '#!/bin/sh\necho "process $SERVO_PARTITION_KEY $PGHOST"\n',
    'let.mjs':
      'export default ({ settings }) => console.log(settings.every, process.env.PGHOST !== undefined, process.env.PGUSER)',
    'let.toml': 'every = "day"\n[env]\npass = ["PGHOST"]\n',
  });
  const assets = ['copied', 'threaded', 'run', 'let'];
  const jobs = await Promise.all(assets.map((asset) => backfills.job({ asset, keys: keys(2) })));
  const { exited } = await start(directory).started();
  await Promise.all(jobs.map((job) => backfills.state(job, 'completed')));
  const logs = await backfills.rows<{ output: string }>(
    'select output from backfill_attempt_logs where partition_key = $1 order by 1',
    ['k00001'],
  );
  expect(logs.map((log) => log.output)).toEqual([
    'day true undefined\n',
    'process k00001 \n',
    'thread k00001 undefined\n',
  ]);
  expect(worker!.log).not.toContain('thread k0000');
  worker!.process.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

it('the program drains while a module loops forever, and releases its partition', async () => {
  const directory = handlerDirectory({
    'orders.mjs': `import { writeFileSync } from 'node:fs';
      export default () => { writeFileSync(new URL('ready', import.meta.url), ''); for (;;); }`,
  });
  const job = await backfills.job({ keys: keys(1) });
  const { exited } = await start(directory, '--grace', '0s').started();
  await waitFor('it to run', () => existsSync(join(directory, 'ready')));
  worker!.process.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect((await backfills.partitions(job))[0]).toMatchObject({
    state: 'pending',
    failure_count: 0,
    crash_count: 0,
  });
});

it('the program does not start with handlers that anyone could change: exit 2, and what to do', async () => {
  const directory = handlerDirectory({ 'orders.sql': 'select 1' });
  chmodSync(join(directory, 'orders.sql'), 0o666);
  expect(await start(directory).exited).toEqual([2, null]);
  expect(worker!.log).toContain(`${directory}/orders.sql can be changed by anyone`);
  expect(worker!.log).toContain(`chmod go-w ${directory}/orders.sql`);
});

/** What a program may be like when its executor dies. Each says `ready` once it is so. */
const programs: Record<string, (ready: string, pids: string) => string> = {
  polite: (ready) => `${ready}\nwhile :; do sleep 600; done`,
  'a parent': (ready, pids) => `sleep 600 & echo $! > ${pids}/child\n${ready}\nwait`,
  'deaf to SIGTERM': (ready) => `trap "" TERM\n${ready}\nwhile :; do sleep 1; done`,
  stopped: (ready) => `${ready}\nkill -STOP $$\nsleep 600`,
  'without streams': (ready) => `exec </dev/null >/dev/null 2>&1\n${ready}\nsleep 600`,
};

/** The ways of an executor to end that leave it no time. */
const deaths: Record<string, (worker: Worker) => Promise<unknown>> = {
  SIGKILL: (one) => one.kill('SIGKILL'),
  'a crash': (one) => one.kill('SIGSEGV'),
  'an abort': (one) => one.kill('SIGABRT'),
  'SIGKILL, after that of the process beside it': async (one) => {
    const beside = () =>
      execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(one.process.pid)], {
        encoding: 'utf8',
      })
        .split('\n')
        .filter((line) => line.includes('groups='))
        .map((line) => Number.parseInt(line, 10));
    const [first] = beside();
    process.kill(first!, 'SIGKILL');
    await waitFor('another one', () => beside().some((pid) => pid !== first));
    await one.kill('SIGKILL');
  },
};

it('A32: child processes of programs end with an executor that dies, however it dies', async () => {
  const names = Object.keys(programs);
  const die = async (how: string) => {
    const pids = handlerDirectory({});
    const file = (name: string) => join(pids, name.replaceAll(' ', '-'));
    const ready = (name: string) =>
      `echo $$ > ${file(name)}.new; mv ${file(name)}.new ${file(name)}`;
    const assets = new Map(names.map((name) => [`${how} ${name}`.replaceAll(/\W+/g, '_'), name]));
    const scripts = [...assets].map(([asset, name]) => [
      asset,
      `#!/bin/sh\n${programs[name]!(ready(name), pids)}\n`,
    ]);
    const short = `${how} short`.replaceAll(/\W+/g, '_');
    const directory = handlerDirectory({
      ...Object.fromEntries(scripts),
      [short]: '#!/bin/sh\n',
    });
    const one = new Worker(
      backfills.database.app,
      tenant,
      ['--handlers', directory, '--slots', String(names.length + 1)],
      { SERVO_SPEED: '50' },
    );
    others.push(one);
    await one.started();
    // Those that have ended are no business of anybody's.
    await backfills.state(await backfills.job({ asset: short, keys: keys(3) }), 'completed');
    for (const asset of assets.keys()) await backfills.job({ asset, keys: keys(1) });
    for (const name of names)
      await waitFor(`${name} to run`, () => existsSync(file(name)), { seen: () => one.log });
    // A program that starts later has ended: the executor has noted the groups of those before it.
    await backfills.state(await backfills.job({ asset: short, keys: keys(1) }), 'completed');
    const running = [...names.map(file), join(pids, 'child')].map((path) =>
      Number(readFileSync(path, 'utf8')),
    );
    await deaths[how]!(one);
    await waitFor(`all to be gone after ${how}`, () => running.every((pid) => !isAlive(pid)), {
      seen: () => running.map((pid, i) => [names[i] ?? 'the child', isAlive(pid)]),
    });
  };
  await Promise.all(Object.keys(deaths).map(die));
});

const asRoot = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv');

it('A14: no child process of an executor gets its secrets; one of another uid cannot read them', async () => {
  const { password, ...rest } = backfills.database.app;
  const secret = password ?? 'of-the-worker';
  const told = handlerDirectory({
    'systemd-notify': `#!/bin/sh\ntr '\\0' '\\n' < /proc/self/environ >> "$TOLD"\n`,
    told: '',
  });
  const directory = handlerDirectory({
    given: '#!/bin/sh\ntr "\\0" "\\n" < /proc/self/environ\n',
    'module.mjs': `import { execFileSync } from 'node:child_process';
      export default () => console.log(process.env, execFileSync('env').toString());`,
    asked: '#!/bin/sh\necho "let: $PGPASSWORD"\n',
    'asked.toml': '[env]\npass = ["PGPASSWORD"]\n',
    ...(asRoot && {
      other: [
        '#!/bin/sh',
        `fetch='tr "\\0" "\\n" < /proc/$0/environ | grep -c PGPASSWORD'`,
        'echo "same uid: $(sh -c "$fetch" $PPID)"',
        'echo "another: $(setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$fetch" $PPID)"',
      ].join('\n'),
    }),
  });
  const assets = ['given', 'module', 'asked', ...(asRoot ? ['other'] : [])];
  const jobs = await Promise.all(assets.map((asset) => backfills.job({ asset, keys: keys(1) })));
  worker = new Worker({ ...rest, password: secret }, tenant, ['--handlers', directory], {
    SERVO_SPEED: '50',
    PATH: `${told}:${process.env.PATH}`,
    TOLD: join(told, 'told'),
    NOTIFY_SOCKET: '/nowhere/notify',
  });
  await Promise.all(jobs.map((job) => backfills.state(job, 'completed')));
  const outputs = await backfills.rows<{ asset: string; output: string }>(
    'select asset_name as asset, output from backfill_attempt_logs l join backfill_jobs j on j.id = l.job_id',
  );
  const said = Object.fromEntries(outputs.map(({ asset, output }) => [asset, output]));
  expect(said.given).toContain('SERVO_ASSET=given');
  expect(said.module).toContain('PATH');
  expect(said.asked).toBe(`let: ${secret}\n`);
  for (const text of [said.given, said.module, readFileSync(join(told, 'told'), 'utf8')])
    expect(text).not.toMatch(new RegExp(`${secret}|PGPASSWORD|DATABASE_URL`));
  // What the documentation says of both.
  const reads = said.other?.match(/(same uid|another): \d/g) ?? null;
  if (asRoot) expect(reads).toEqual(['same uid: 1', 'another: 0']);
  expect(worker.log).not.toContain(secret);
});
