import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../source/domain/partition/attempt.ts';
import { noSettings } from '../../source/handlers/asset-settings.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import type { Handler } from '../../source/handlers/handler.ts';
import { ModuleThreads } from '../../source/handlers/module-threads.ts';
import { SharedLog } from '../../source/handlers/shared-log.ts';
import { anAttempt } from '../support/attempt.ts';
import { Backfills, keys } from '../support/backfill.ts';
import { withVariables } from '../support/environment.ts';
import { isAlive } from '../support/processes.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory } from '../support/worker.ts';

/** A directory with the module as the handler of `orders`, and what it says there. */
function moduleOf(code: string, file = 'orders.mjs') {
  const directory = handlerDirectory({ [file]: code });
  const path = (name: string) => join(directory, name);
  return {
    path: path(file),
    has: (name: string) => existsSync(path(name)),
    read: (name: string) => readFileSync(path(name), 'utf8'),
  };
}

/** Writes files beside the module, as the test looks for them. */
const prelude = `import { writeFileSync } from 'node:fs';
const put = (name, text = '') => writeFileSync(new URL(name, import.meta.url), String(text));
`;

describe('a module handler', () => {
  let threads: ModuleThreads;
  let warnings: string[];

  beforeEach(() => {
    warnings = [];
    threads = new ModuleThreads({
      slots: 1,
      memory_mb: 48,
      warn: (message) => warnings.push(message),
    });
  });

  afterEach(() => threads.close());

  function start(path: string, settings: Partial<typeof noSettings> = {}) {
    const controller = new AbortController();
    const result = threads.run(
      { asset: 'orders', kind: 'module', path, settings: { ...noSettings, ...settings } },
      { attempt: anAttempt(), signal: controller.signal, grace_ms: 50 },
    );
    return { result, stop: () => controller.abort() };
  }

  const run = (code: string, settings = {}) => start(moduleOf(code).path, settings).result;

  /** The outcome, and a no-op run afterwards in the same pool: nothing else was lost. */
  async function outcomeOf(code: string): Promise<Outcome> {
    const { outcome } = await run(code);
    expect((await run('export default () => {}')).outcome).toEqual({ kind: 'completed' });
    return outcome;
  }

  it('gets the attempt, and its output is stored', async () => {
    const { outcome, output, progress } = await run(
      `export default async ({ signal, log, progress, ...values }) => {
         log('values %j', values); console.log('printed', signal.aborted); process.stderr.write(Buffer.from('bytes\\n'));
         progress('file 1 of 2'); progress('file 2 of 2');
       }`,
      { every: 'day', max_attempts: 2, http: { url: 'https://x', headers: { key: 'secret' } } },
    );
    expect(outcome).toEqual({ kind: 'completed' });
    expect(progress).toBe('file 2 of 2');
    const [values, ...rest] = output!.split('\n');
    expect(rest).toEqual(['printed false', 'bytes', '']);
    expect(JSON.parse(values!.replace('values ', ''))).toEqual({
      partition_key: '2024-01-31',
      partition_start: '2024-01-31T00:00:00Z',
      partition_end: '2024-02-01T00:00:00Z',
      asset: 'orders',
      job_id: 'j',
      attempt: 2,
      idempotency_key: 'backfill:j:2024-01-31',
      tenant_id: 'acme',
      settings: {
        asset_type: null,
        every: 'day',
        upstreams: null,
        max_attempts: 2,
        timeout_ms: null,
        max_parallel: null,
      },
    });
  });

  const done: Record<string, string> = {
    nothing: 'undefined',
    'a function': '() => {}',
    'a proxy that throws': 'new Proxy({}, { get(_, name) { if (name !== "then") throw 1 } })',
    'an object that refers to itself': '(() => { const a = {}; a.a = a; return a })()',
    'an object with a code of its own': '({ code: "toString", message: 7 })',
    'a symbol': 'Symbol("x")',
  };
  for (const [what, value] of Object.entries(done)) {
    it(`completes when it returns ${what}`, async () => {
      expect(await outcomeOf(`export default async () => ${value}`)).toEqual({ kind: 'completed' });
    });
  }

  const named: [string, Outcome][] = [
    [
      `throw Object.assign(new Error('sources differ'), { code: 'SERVO_FAIL' })`,
      { kind: 'fatal', message: 'sources differ' },
    ],
    [
      `throw Object.assign(new Error('not there yet'), { code: 'SERVO_RETRY', retryAfterMs: 1500 })`,
      { kind: 'snoozed', message: 'not there yet', delay_ms: 1500 },
    ],
    [
      `return { code: 'SERVO_RETRY' }`,
      { kind: 'snoozed', message: 'snoozed by its handler', delay_ms: 30_000 },
    ],
    [
      `throw { code: 'SERVO_RETRY', message: 'in a year', retryAfterMs: 1e12 }`,
      { kind: 'snoozed', message: 'in a year', delay_ms: 86_400_000 },
    ],
    [
      `return { code: 'SERVO_FAIL', message: '' }`,
      { kind: 'fatal', message: 'failed by its handler' },
    ],
  ];
  for (const [code, outcome] of named) {
    it(`${code} → ${outcome.kind}`, async () => {
      expect(await outcomeOf(`export default async () => { ${code} }`)).toEqual(outcome);
    });
  }

  const failing: [string, string][] = [
    ['throw new TypeError("no such file")', 'no such file'],
    ['throw new RangeError()', 'RangeError'],
    ['throw "text"', 'text'],
    ['throw undefined', 'threw undefined'],
    ['throw null', 'threw null'],
    ['throw { status: 7 }', 'threw { status: 7 }'],
    ['throw Symbol("x")', 'threw Symbol(x)'],
    ['throw new Proxy({}, { get() { throw 1 } })', 'threw something that cannot be shown'],
    ['throw new AggregateError([new Error("a"), new Error("b")])', 'a; b'],
    ['process.exit(3)', 'called process.exit(3)'],
    [
      'Promise.reject(new Error("without a handler")); await new Promise(() => {})',
      'without a handler',
    ],
    [
      'setTimeout(() => { throw new Error("in a timer") }); await new Promise(() => {})',
      'in a timer',
    ],
    ['const f = () => f(); f()', 'Maximum call stack size exceeded'],
  ];
  for (const [code, message] of failing) {
    it(`${code} → retried, with the reason`, async () => {
      expect(await outcomeOf(`export default async () => { ${code} }`)).toEqual({
        kind: 'failed',
        message,
      });
    });
  }

  it('logs the stack of an error', async () => {
    const { output } = await run(
      `export default () => { throw new Error('outer', { cause: new Error('inner') }) }`,
    );
    expect(output).toMatch(/^Error: outer\n +at .*orders\.mjs:1[\s\S]*\[cause\]: Error: inner/);
  });

  it('that takes too much memory loses its attempt but not its log', async () => {
    const { outcome, output } = await run(
      `export default ({ log }) => { log('eating'); const all = []; for (;;) all.push(new Array(1000).fill(Math.random())) }`,
    );
    expect(outcome).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ran out of memory'),
    });
    expect(output).toBe('eating\n');
    expect((await run('export default () => {}')).outcome.kind).toBe('completed');
  });

  it('that cannot be loaded fails with the reason, and is loaded again the next time', async () => {
    const { path, has } = moduleOf(
      `${prelude}import { existsSync } from 'node:fs';
       if (!existsSync(new URL('once', import.meta.url))) { put('once'); throw new Error('not yet') }
       export default () => {}`,
    );
    expect((await start(path).result).outcome).toEqual({ kind: 'failed', message: 'not yet' });
    expect(has('once')).toBe(true);
    expect((await start(path).result).outcome).toEqual({ kind: 'completed' });
    expect((await run('export default 7')).outcome).toMatchObject({
      message: expect.stringContaining('does not export a function as its default'),
      permanent: true,
    });
    for (const broken of ['export default () => {', 'import "no-such-package"; export default 1'])
      expect((await run(broken)).outcome).toMatchObject({ kind: 'failed', permanent: true });
  });

  it('A17: whose call finds an endpoint unavailable has not failed', async () => {
    const code = `import { connect } from 'node:net';
      export default () => new Promise((_, reject) => connect(1, '127.0.0.1').on('error', (cause) =>
        reject(new Error('the source is away', { cause }))))`;
    expect((await run(code)).outcome).toEqual({
      kind: 'unavailable',
      of: 'endpoint',
      message: 'the source is away',
    });
  });

  it('may be CommonJS', async () => {
    const { path } = moduleOf('module.exports = async () => { throw "common" }', 'orders.js');
    expect((await start(path).result).outcome).toEqual({ kind: 'failed', message: 'common' });
  });

  it('gets only the database variables that its settings pass', async () => {
    const variables = {
      PGPASSWORD: 'hidden',
      DATABASE_URL: 'postgres://hidden',
      SERVO_TEST_KEPT: 'kept',
    };
    const code = `export default () => console.log(process.env.PGPASSWORD, process.env.DATABASE_URL, process.env.SERVO_TEST_KEPT)`;
    await withVariables(variables, async () => {
      expect((await run(code)).output).toBe('undefined undefined kept\n');
      expect((await run(code, { pass: ['PGPASSWORD'] })).output).toBe('hidden undefined kept\n');
      expect((await run(code)).output).toBe('undefined undefined kept\n');
    });
  });

  it('may log a gigabyte: the tail is kept', async () => {
    const { outcome, output } = await run(
      `export default ({ log }) => { const piece = 'é'.repeat(1 << 19); for (let i = 0; i < 1024; i++) log(piece); log('the end') }`,
    );
    expect(outcome).toEqual({ kind: 'completed' });
    expect(output).toMatch(/^… 107\d{7} earlier bytes were dropped\n/);
    expect(output!.endsWith('é\nthe end\n')).toBe(true);
    expect(Buffer.byteLength(output!)).toBeLessThanOrEqual(65_536);
  });

  it('an error of a megabyte with control characters is truncated', async () => {
    const { outcome, output } = await run(
      `export default () => { throw new Error('a\\0\\x1b[31m' + 'x'.repeat(1e6)) }`,
    );
    expect((outcome as { message: string }).message).toMatch(
      /^a\x1b\[31mx+ … \(1000006 characters\)$/,
    );
    expect(Buffer.byteLength(output!)).toBeLessThanOrEqual(65_536);
  });

  it('is stopped by its signal', async () => {
    const { path, has } = moduleOf(
      `${prelude}export default async ({ signal, log }) => {
         await new Promise((resolve) => { signal.addEventListener('abort', resolve); put('ready') });
         log('cleaned up');
         throw signal.reason;
       }`,
    );
    const { result, stop } = start(path);
    await waitFor('it to run', () => has('ready'));
    stop();
    expect(await result).toMatchObject({
      outcome: { kind: 'failed' },
      output: expect.stringMatching(/^cleaned up\n/),
    });
  });

  it('that returns after it was stopped has not completed', async () => {
    const { path, has } = moduleOf(
      `${prelude}export default async ({ signal }) => {
         const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
         put('ready');
         await aborted;
       }`,
    );
    const { result, stop } = start(path);
    await waitFor('it to run', () => has('ready'));
    stop();
    expect((await result).outcome).toEqual({ kind: 'failed', message: 'stopped' });
  });

  it('that is stopped before its start does not start', async () => {
    const { path, has } = moduleOf(`${prelude}export default () => put('begun')`);
    const { result, stop } = start(path);
    stop();
    expect((await result).outcome).toEqual({ kind: 'failed', message: 'stopped' });
    expect(has('begun')).toBe(false);
  });

  for (const loop of ['for (;;) put("alive", ++n)', 'for (;;) { put("alive", ++n); await null }']) {
    it(`is ended in an endless loop: ${loop}`, async () => {
      const { path, has, read } = moduleOf(
        `${prelude}let n = 0; export default async ({ log, progress }) => { log('in a loop'); progress('looping'); ${loop} }`,
      );
      const { result, stop } = start(path);
      await waitFor('it to run', () => has('alive'));
      stop();
      expect(await result).toEqual({
        outcome: { kind: 'failed', message: 'stopped by force' },
        output: 'in a loop\n',
        progress: 'looping',
      });
      const last = read('alive');
      await run('export default () => new Promise((resolve) => setTimeout(resolve, 100))');
      expect(read('alive')).toBe(last);
    });
  }

  it('that hangs in a system call is abandoned; its thread ends with the call', async () => {
    const { path, has, read } = moduleOf(
      `import { execSync } from 'node:child_process';
       export default () => execSync('echo $$ > made; mv made pid; exec sleep 600', { cwd: new URL('.', import.meta.url) })`,
    );
    const { result, stop } = start(path);
    await waitFor('it to run', () => has('pid'));
    const pid = Number(read('pid'));
    try {
      stop();
      expect((await result).outcome).toEqual({ kind: 'failed', message: 'stopped by force' });
      expect(isAlive(pid)).toBe(true);
      expect((await run('export default () => {}')).outcome.kind).toBe('completed');
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('for which no thread can be started fails with the reason, and does not wait for one', async () => {
    const { outcome } = await withVariables({ NODE_OPTIONS: '--require /no/such/file' }, () =>
      run('export default () => {}'),
    );
    expect((outcome as { message: string }).message).toContain(
      "Cannot find module '/no/such/file'",
    );
  });

  it('what it leaves behind affects no other attempt', async () => {
    const { path } = moduleOf(
      `globalThis.left ??= 0;
       export default async () => {
         if (left === 3) return;
         setTimeout(() => { left++; throw new Error('late error') }, 1);
         setTimeout(() => { left++; Promise.reject(new Error('late rejection')) }, 1);
         setTimeout(() => { left++; process.exit(7) }, 1);
       }`,
    );
    expect((await start(path).result).outcome.kind).toBe('completed');
    const other = await run(
      `export default async () => { while (globalThis.left !== 3) await new Promise((resolve) => setTimeout(resolve, 1)) }`,
    );
    expect(other).toMatchObject({ outcome: { kind: 'completed' }, output: '' });
    await waitFor('all to be told', () => warnings.length === 3);
    expect(warnings.sort()).toEqual([
      'the handler of orders failed after its attempt had ended: late error',
      'the handler of orders failed after its attempt had ended: late rejection',
      'the handler of orders failed after its attempt had ended: process.exit(7) after the end',
    ]);
  });
});

describe('the log of a thread', () => {
  it('holds the last 64 KiB, whatever the pieces', () => {
    const log = new SharedLog();
    const thread = new SharedLog(log.buffer);
    let all = '';
    for (let i = 0; i < 3000; i++) {
      const piece = `${i}${'·'.repeat(i % 97)}\n`;
      thread.write(i % 2 ? piece : Buffer.from(piece));
      all += piece;
    }
    const bytes = Buffer.from(all);
    expect(log.read()).toEqual({
      bytes: bytes.subarray(-65_536),
      dropped: bytes.length - 65_536,
    });
  });

  it('keeps whole characters of the last progress message', () => {
    const log = new SharedLog();
    log.progress = '🙂'.repeat(1000);
    expect(log.progress).toBe('🙂'.repeat(128));
    log.progress = 'short';
    expect(log.progress).toBe('short');
  });
});

describe('in an executor', () => {
  let backfills: Backfills;
  beforeAll(async () => {
    backfills = await Backfills.open();
  });
  afterAll(() => backfills.close());

  const handlersOf = async (code: string, asset = 'orders'): Promise<Handler[]> => [
    ...(await loadCatalogue(handlerDirectory({ [`${asset}.mjs`]: code }))).values(),
  ];

  it('an endless loop is stopped at its timeout, and heartbeats continue', async () => {
    const job = await backfills.job({
      keys: keys(1),
      strategy: { type: 'sequential', timeout_ms: 3_000, max_attempts: 1 },
    });
    const executor = await backfills.execute(
      await handlersOf(`export default ({ progress }) => { progress('in a loop'); for (;;); }`),
      // Leases of 0.6 s: without heartbeats the attempt would be taken back five times over.
      { speed: 200, slots: 1 },
    );
    const leases = new Set<number>();
    await waitFor('the job to fail', async () => {
      const [row] = await backfills.partitions(job);
      if (row!.state === 'running') leases.add(new Date(row!.lease_expires_at!).getTime());
      return row!.state === 'failed';
    });
    expect(leases.size).toBeGreaterThan(3);
    expect((await backfills.partitions(job))[0]).toMatchObject({
      error_message: 'timed out after 3 s (at: in a loop)',
      attempt_count: 1,
      failure_count: 1,
      crash_count: 0,
    });
    await executor.drain();
  });

  it('a handler that exits, crashes or hangs does not stop the others', async () => {
    const strategy = { type: 'parallel', max_parallel: 2, max_attempts: 1, timeout_ms: 1_000 };
    const codes: Record<string, string> = {
      exits: 'export default () => process.exit(1)',
      rejects: 'export default async () => { Promise.reject(null); await new Promise(() => {}) }',
      hangs: 'export default () => new Promise(() => {})',
      garbage: 'export default () => (() => {})',
    };
    const handlers = (
      await Promise.all(Object.entries(codes).map(([asset, code]) => handlersOf(code, asset)))
    ).flat();
    const jobs = await Promise.all(
      Object.keys(codes).map((asset) => backfills.job({ asset, keys: keys(3), strategy })),
    );
    const executor = await backfills.execute(handlers, { slots: 2 });
    const rows = await Promise.all(jobs.map((job) => backfills.state(job, 'completed', 'failed')));
    expect(rows.map((row) => [row.asset_name, row.state, row.failed_partitions])).toEqual([
      ['exits', 'failed', 3],
      ['rejects', 'failed', 3],
      ['hangs', 'failed', 3],
      ['garbage', 'completed', 0],
    ]);
    expect((await backfills.partitions(jobs[0]!))[0]!.error_message).toBe('called process.exit(1)');
    await executor.drain();
  });

  it('takes any text as a partition key', async () => {
    const odd = [`it's "quoted"`, 'line\nbreak', '🙂 emoji', 'x'.repeat(255)];
    const job = await backfills.job({ asset: 'odd', keys: odd });
    const executor = await backfills.execute(
      await handlersOf('export default ({ partition_key, log }) => log(partition_key)', 'odd'),
    );
    await backfills.state(job, 'completed');
    const logs = await backfills.rows<{ partition_key: string; output: string }>(
      'select partition_key, output from backfill_attempt_logs where job_id = $1',
      [job],
    );
    expect(logs.map((log) => log.output).sort()).toEqual(odd.map((key) => `${key}\n`).sort());
    await executor.drain();
  });

  for (const [what, code] of Object.entries({
    waits:
      'await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))',
    'never looks at its signal': 'for (;;);',
  })) {
    it(`a handler that ${what} is stopped on drain at no cost to its partition`, async () => {
      const { path, has } = moduleOf(
        `${prelude}export default async ({ signal }) => { put('ready'); ${code} }`,
      );
      const job = await backfills.job({ keys: keys(1) });
      const executor = await backfills.execute([{ asset: 'orders', kind: 'module', path }], {
        grace: 20,
      });
      await waitFor('it to run', () => has('ready'));
      await executor.drain();
      expect((await backfills.partitions(job))[0]).toMatchObject({
        state: 'pending',
        failure_count: 0,
        crash_count: 0,
        error_message: 'interrupted: its executor was told to stop',
      });
      await backfills.rows(`update backfill_jobs set state = 'cancelled' where id = $1`, [job]);
    });
  }

  it('no thread outlives its executor', async () => {
    const { path, has, read } = moduleOf(
      `${prelude}let n = 0; export default () => { setInterval(() => put('alive', ++n), 1) }`,
    );
    const job = await backfills.job({ keys: keys(1) });
    const executor = await backfills.execute([{ asset: 'orders', kind: 'module', path }]);
    await backfills.state(job, 'completed');
    await waitFor('what it left behind', () => has('alive'));
    await executor.drain();
    const last = read('alive');
    const other = await backfills.job({ keys: keys(2) });
    const next = await backfills.execute(await handlersOf('export default () => {}'));
    await backfills.state(other, 'completed');
    await next.drain();
    expect(read('alive')).toBe(last);
  });

  it('a handler that deletes its own job is stopped, and other jobs continue', async () => {
    const { path, has } = moduleOf(
      `${prelude}export default async ({ signal }) => {
         const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => { put('stopped'); reject() }));
         put('ready');
         await aborted;
       }`,
    );
    const job = await backfills.job({ asset: 'gone', keys: keys(1) });
    const executor = await backfills.execute([
      { asset: 'gone', kind: 'module', path },
      ...(await handlersOf('export default () => {}', 'other')),
    ]);
    await waitFor('it to run', () => has('ready'));
    await backfills.rows('delete from backfill_jobs where id = $1', [job]);
    await waitFor('it to be stopped', () => has('stopped'));
    const other = await backfills.job({ asset: 'other', keys: keys(3) });
    await backfills.state(other, 'completed');
    await executor.drain();
  });
});
