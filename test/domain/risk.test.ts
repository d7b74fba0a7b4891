import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mitigations } from '../../source/domain/risk/mitigation.ts';
import { compareUrgency, riskLevels, riskOf } from '../../source/domain/risk/risk.ts';
import {
  bufferFit,
  bufferOf,
  tierBuffers,
  tierOf,
  tierPriorities,
  tiers,
} from '../../source/domain/risk/tier.ts';
import { aJob, now, secondsAgo } from '../support/jobs.ts';

const inSeconds = (seconds: number) => secondsAgo(-seconds);
const order = ['on_track', 'low', 'medium', 'high'];

describe('the early warning', () => {
  test.each([
    [899, 0, 'on_track'],
    [900, 0, 'on_track'],
    [899, 60, 'low'],
    [840, 60, 'on_track'],
    [841, 60, 'low'],
    [1081, 60, 'medium'],
  ])('ETA in %s s, deadline in 900 s, a warning of %s s: %s', (eta, warning, level) => {
    expect(riskOf(inSeconds(900), inSeconds(eta), now, warning * 1000)).toMatchObject({
      level,
      severity: (eta - 900) / 900,
    });
  });

  test('makes a job at risk earlier and never changes the severity, nor what is late already', () => {
    const seconds = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(seconds, seconds, fc.nat(1_000_000), (deadline, eta, warning) => {
        const plain = riskOf(inSeconds(deadline), inSeconds(eta), now);
        const warned = riskOf(inSeconds(deadline), inSeconds(eta), now, warning * 1000);
        expect(warned.severity).toBe(plain.severity);
        if (plain.level === 'on_track') {
          expect(warned.level).toBe(eta + warning > deadline ? 'low' : 'on_track');
        } else expect(warned.level).toBe(plain.level);
      }),
    );
  });

  test('never makes something of an unknown ETA, a missing deadline or a breach', () => {
    expect(riskOf(inSeconds(900), null, now, 1e9).level).toBe('unknown');
    expect(riskOf(null, inSeconds(900), now, 1e9).level).toBe('none');
    expect(riskOf(now, inSeconds(900), now, 1e9).level).toBe('breached');
  });

  test('a later deadline never makes the level worse, an earlier ETA neither', () => {
    const seconds = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(
        seconds,
        seconds,
        fc.nat(100_000),
        fc.nat(10_000),
        (deadline, eta, more, warning) => {
          const level = (due: number, end: number) =>
            order.indexOf(riskOf(inSeconds(due), inSeconds(end), now, warning * 1000).level);
          expect(level(deadline + more, eta)).toBeLessThanOrEqual(level(deadline, eta));
          expect(level(deadline, eta + more)).toBeGreaterThanOrEqual(level(deadline, eta));
        },
      ),
    );
  });
});

describe('urgency', () => {
  const at = (number: number, sla_deadline_at: Date | null, columns = {}) =>
    aJob({ number, sla_deadline_at, ...columns });

  test('breached, high, unknown, medium, low, on track, without a deadline', () => {
    const jobs = [
      at(1, null),
      at(2, inSeconds(7200)),
      at(3, inSeconds(800)),
      at(4, inSeconds(700)),
      at(5, inSeconds(900), { heartbeat_at: secondsAgo(500) }),
      at(6, inSeconds(500)),
      at(7, inSeconds(100)),
      at(8, secondsAgo(1)),
    ];
    expect(jobs.sort(compareUrgency).map(({ id }) => Number(id[7]))).toEqual([
      8, 7, 6, 5, 4, 3, 2, 1,
    ]);
  });

  test('is a total order', () => {
    const job = fc
      .record({
        id: fc.uuid(),
        risk_level: fc.constantFrom(...riskLevels),
        risk_severity: fc.option(fc.integer({ min: -3, max: 3 })),
        priority: fc.integer({ min: -10, max: 10 }),
      })
      .map((columns) => ({ ...columns, sla_deadline_at: null }));
    fc.assert(
      fc.property(job, job, job, (a, b, c) => {
        if (a.id !== b.id)
          expect(Math.sign(compareUrgency(a, b))).toBe(-Math.sign(compareUrgency(b, a)));
        if (compareUrgency(a, b) < 0 && compareUrgency(b, c) < 0)
          expect(compareUrgency(a, c)).toBeLessThan(0);
      }),
    );
  });
});

describe('tiers', () => {
  test('are 8 to 10, 4 to 7, and the rest', () => {
    const found = Array.from({ length: 21 }, (_, index) => tierOf(index - 10));
    expect(found.lastIndexOf('best-effort') - 10).toBe(3);
    expect(found.indexOf('standard') - 10).toBe(4);
    expect(found.indexOf('critical') - 10).toBe(8);
    for (const tier of tiers) expect(tierOf(tierPriorities[tier])).toBe(tier);
  });

  test.each([
    ['critical', -0.01, 'late'],
    ['critical', 0, 'fits'],
    ['critical', 0.0999, 'fits'],
    ['critical', 0.1, 'wide'],
    ['standard', 0.1999, 'tight'],
    ['standard', 0.2, 'fits'],
    ['standard', 0.3, 'fits'],
    ['standard', 0.3001, 'wide'],
    ['best-effort', 0, 'fits'],
    ['best-effort', 9, 'fits'],
    ['best-effort', -1, 'late'],
  ] as const)('%s with a buffer of %s: %s', (tier, buffer, fit) => {
    expect(bufferFit(tier, buffer)).toBe(fit);
    expect(tierBuffers[tier].text).not.toBe('');
  });

  test('a buffer is a share of the whole duration', () => {
    expect(bufferOf(now, inSeconds(1000), inSeconds(1250))).toBe(0.25);
    expect(bufferOf(secondsAgo(1000), inSeconds(1000), inSeconds(900))).toBe(-0.05);
    expect(bufferOf(now, now, inSeconds(900))).toBeNull();
  });
});

test('every level that needs something has the runbook’s advice', () => {
  for (const level of ['low', 'medium', 'high', 'unknown', 'breached'] as const)
    expect(mitigations[level].options.length).toBeGreaterThan(0);
  expect(mitigations.high.options.map(({ title }) => title)).toEqual([
    'recreate with higher priority',
    'emergency resource scaling',
    'tell the stakeholders',
  ]);
});
