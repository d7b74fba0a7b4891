import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../source/domain/partition/attempt.ts';
import { loadCatalogue } from '../../source/handlers/catalogue.ts';
import { OutputTail } from '../../source/handlers/output-tail.ts';
import { anAttempt } from '../support/attempt.ts';
import { Backfills, keys } from '../support/backfill.ts';
import { withVariables } from '../support/environment.ts';
import { waitFor } from '../support/wait-for.ts';
import { handlerDirectory } from '../support/worker.ts';

async function run(script: string, signal = new AbortController().signal, grace_ms = 5_000) {
  const handler = (await loadCatalogue(handlerDirectory({ orders: script }))).get('orders')!;
  if (handler.kind !== 'executable') throw new Error('not an executable');
  return handler.run({ attempt: anAttempt(), signal, grace_ms });
}

describe('an executable handler', () => {
  const outcomes: [string, Outcome][] = [
    ['exit 0', { kind: 'completed' }],
    ['echo "no such table"; exit 65', { kind: 'fatal', message: 'no such table' }],
    [
      'echo "not there yet" >&2; exit 75',
      { kind: 'snoozed', message: 'not there yet', delay_ms: 30_000 },
    ],
    ['exit 3', { kind: 'failed', message: 'exit code 3' }],
    ['kill -SEGV $$', { kind: 'failed', message: 'ended by SIGSEGV' }],
  ];
  for (const [script, outcome] of outcomes) {
    it(`${script} → ${outcome.kind}`, async () => {
      expect((await run(`#!/bin/sh\n${script}\n`)).outcome).toEqual(outcome);
    });
  }

  it('D: gets the attempt in its environment, and no variable of the database', async () => {
    const variables = {
      NOTE_OF_SOMEBODY: 'holds the word secret',
      PGPASSWORD: 'pw-of-the-worker',
      DATABASE_URL: 'postgres://url-of-the-worker',
    };
    const { output } = await withVariables(variables, () => run('#!/bin/sh\nenv\n'));
    expect(output).toContain('SERVO_PARTITION_KEY=2024-01-31\n');
    expect(output).toContain('SERVO_PARTITION_START=2024-01-31T00:00:00Z\n');
    expect(output).toContain('SERVO_PARTITION_END=2024-02-01T00:00:00Z\n');
    expect(output).toContain('SERVO_ATTEMPT=2\n');
    expect(output).toContain('SERVO_IDEMPOTENCY_KEY=backfill:j:2024-01-31\n');
    expect(output).toContain('SERVO_TENANT_ID=acme\n');
    expect(output).toContain('NOTE_OF_SOMEBODY=holds the word secret\n');
    expect(output).not.toMatch(/of-the-worker/);
  });

  it('A17: that cannot be run is unavailable, with the reason', async () => {
    const { outcome } = await run('#!/no/such/interpreter\n');
    expect(outcome).toMatchObject({
      kind: 'unavailable',
      of: 'program',
      message: expect.stringContaining('cannot run'),
    });
  });

  it('is stopped with its child processes, even if it ignores SIGTERM', async () => {
    const controller = new AbortController();
    const directory = handlerDirectory({});
    const running = run(
      `#!/bin/sh\ntrap "" TERM\nsleep 600 &\necho "child $!"\ntouch ${directory}/ready\nwait\nwait\nsleep 600\n`,
      controller.signal,
      100,
    );
    await waitFor('it to run', () => existsSync(`${directory}/ready`));
    controller.abort();
    const { outcome, output } = await running;
    expect(outcome.kind).toBe('failed');
    const child = Number(/child (\d+)/.exec(output!)![1]);
    await waitFor('its child to be gone', () => {
      try {
        return process.kill(child, 0) && false;
      } catch {
        return true;
      }
    });
  });

  it('fails if it is stopped, even if it exits with 0', async () => {
    const controller = new AbortController();
    const directory = handlerDirectory({});
    const running = run(
      `#!/bin/sh\ntrap "exit 0" TERM\ntouch ${directory}/ready\nsleep 600 &\nwait\n`,
      controller.signal,
    );
    await waitFor('it to run', () => existsSync(`${directory}/ready`));
    controller.abort();
    expect((await running).outcome.kind).toBe('failed');
  });

  it('may write a gigabyte: the tail is kept', async () => {
    const { outcome, output } = await run(
      '#!/bin/sh\nhead -c 1073741824 /dev/zero\necho\necho the end\nexit 1\n',
    );
    expect(outcome).toEqual({ kind: 'failed', message: 'the end' });
    expect(Buffer.byteLength(output!)).toBeLessThanOrEqual(65_536);
    expect(output).toMatch(/^… \d+ earlier bytes were dropped\n/);
  });
});

it('keeps what the database accepts, whatever the bytes', () => {
  const tail = new OutputTail();
  for (let i = 0; i < 300; i++) tail.push(Buffer.alloc(1000, i % 2 ? 0xff : 0));
  expect(Buffer.byteLength(tail.toString())).toBeLessThanOrEqual(65_536);
  expect(tail.toString()).not.toContain('\0');
});

describe('in an executor', () => {
  let backfills: Backfills;
  beforeAll(async () => {
    backfills = await Backfills.open();
  });
  afterAll(() => backfills.close());

  it('the output of an attempt is stored as its log', async () => {
    const directory = handlerDirectory({
      orders: '#!/bin/sh\necho "doing $SERVO_PARTITION_KEY"\n',
    });
    const job = await backfills.job({ keys: keys(2) });
    await backfills.execute([...(await loadCatalogue(directory)).values()]);
    await backfills.state(job, 'completed');
    expect(
      await backfills.rows(
        'select partition_key, attempt, output from backfill_attempt_logs where job_id = $1 order by 1',
        [job],
      ),
    ).toEqual([
      { partition_key: 'k00001', attempt: 1, output: 'doing k00001\n' },
      { partition_key: 'k00002', attempt: 1, output: 'doing k00002\n' },
    ]);
  });
});
