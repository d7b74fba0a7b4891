import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Outcome } from '../../source/domain/partition/attempt.ts';
import { scaleTimings } from '../../source/executor/settings.ts';
import { Backfills, functionHandler, keys } from '../support/backfill.ts';

let backfills: Backfills;

beforeEach(async () => {
  backfills = await Backfills.open();
});

afterEach(() => backfills.close());

const message = 'no';
const partitions = 20;

type Kind = { outcome: Outcome; most(ms: number): number; told?: number; partitions?: number };

/** How often an outcome may be met in `ms`, by 20 partitions of three attempts each. */
const kinds: Record<string, Kind> = {
  completed: { outcome: { kind: 'completed' }, most: () => partitions, told: 0 },
  failed: { outcome: { kind: 'failed', message }, most: () => 3 * partitions },
  permanent: { outcome: { kind: 'failed', message, permanent: true }, most: () => 3 * partitions },
  fatal: { outcome: { kind: 'fatal', message }, most: () => partitions },
  crashed: { outcome: { kind: 'crashed', message }, most: () => 3 * partitions },
  snoozed: {
    outcome: { kind: 'snoozed', message, delay_ms: 0 },
    // Of one partition, or the slots bound it before the back-off does.
    most: (ms) => 1 + ms / scaleTimings(20).outage_back_off.base_ms,
    partitions: 1,
  },
  // Four slots meet it at first; then one probe after a rest that doubles.
  endpoint: { outcome: { kind: 'unavailable', message, of: 'endpoint' }, most: () => 20, told: 1 },
  program: { outcome: { kind: 'unavailable', message, of: 'program' }, most: () => 20, told: 1 },
  database: { outcome: { kind: 'unavailable', message, of: 'database' }, most: () => 20, told: 1 },
};

it('A2: every outcome has a counter or a back-off', async () => {
  const met: Record<string, number> = {};
  const lines: string[] = [];
  const jobs = new Map<string, string>();
  for (const [asset, kind] of Object.entries(kinds)) {
    const strategy = { type: 'parallel', max_parallel: 4 };
    const listed = keys(kind.partitions ?? partitions);
    jobs.set(asset, await backfills.job({ asset, keys: listed, strategy }));
  }
  const handlers = Object.entries(kinds).map(([asset, { outcome }]) =>
    functionHandler(asset, () => {
      met[asset] = (met[asset] ?? 0) + 1;
      return outcome;
    }),
  );
  const watch = functionHandler('watch', async () => void (await sleep(2_000)));
  const began = performance.now();
  const executor = await backfills.execute([...handlers, watch], {
    speed: 20,
    slots: 40,
    pause_at: null,
    failures: null,
    log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
  });
  await backfills.state(await backfills.job({ asset: 'watch', keys: keys(1) }), 'completed');
  await executor.drain();
  const ms = performance.now() - began;
  for (const [asset, { most, told }] of Object.entries(kinds)) {
    const attempts = met[asset] ?? 0;
    // The drain releases what was claimed ahead.
    const journal = (await backfills.attemptsJournal(jobs.get(asset)!)).filter(
      (line) => !line.startsWith('released'),
    );
    const logged = lines.filter(
      (line) => line.includes(jobs.get(asset)!) && !line.includes('progress: '),
    );
    const seen = `${asset}: ${attempts} attempts, ${journal.length} events, ${logged.length} lines`;
    expect(attempts, seen).toBeGreaterThan(0);
    expect(attempts, seen).toBeLessThanOrEqual(most(ms));
    expect(journal.length, seen).toBeLessThanOrEqual(told ?? attempts);
    // Beside what it says of attempts: claimed, and ended.
    expect(logged.length, `${seen}: ${logged.slice(-12).join('')}`).toBeLessThanOrEqual(
      (told ?? attempts) + 5,
    );
  }
});
