import { describe, expect, test } from 'vitest';
import { backOffMs } from '../../source/domain/partition/attempt.ts';
import {
  isCrash,
  originOfCode,
  originOfSpawn,
  originOfSqlstate,
} from '../../source/domain/partition/error-origin.ts';
import { failureFingerprint } from '../../source/domain/partition/failure-fingerprint.ts';
import { refusalOf, refusedOutcome } from '../../source/domain/partition/refusal.ts';
import { likelyCause } from '../../source/domain/triage/failure-cause.ts';
import { defaultTimings } from '../../source/executor/settings.ts';

describe('A2, A9, A15, A17: whose an error is', () => {
  test.each([
    ['08001', 'endpoint'],
    ['08006', 'endpoint'],
    ['57P01', 'endpoint'],
    ['53300', 'endpoint'],
    ['42P01', 'permanent'],
    ['42703', 'permanent'],
    ['42883', 'permanent'],
    ['42501', 'permanent'],
    ['42601', 'permanent'],
    ['42704', 'permanent'],
    ['3F000', 'permanent'],
    ['28P01', 'permanent'],
    ['3D000', 'permanent'],
    ['0A000', 'permanent'],
    // Of the data, of a conflict, of a limit: another attempt, or another partition, may get past.
    ['22P02', 'partition'],
    ['23505', 'partition'],
    ['25006', 'partition'],
    ['40001', 'partition'],
    ['40P01', 'partition'],
    ['53100', 'partition'],
    ['57014', 'partition'],
    ['P0001', 'partition'],
    ['XX000', 'partition'],
  ])('SQLSTATE %s: %s', (code, origin) => {
    expect(originOfSqlstate(code)).toBe(origin);
  });

  test.each([
    [originOfCode, 'ECONNREFUSED', 'endpoint'],
    [originOfCode, 'ENOTFOUND', 'endpoint'],
    [originOfCode, 'ETIMEDOUT', 'endpoint'],
    [originOfCode, 'EMFILE', 'host'],
    [originOfCode, 'ENOENT', 'partition'],
    [originOfCode, 'CERT_HAS_EXPIRED', 'permanent'],
    [originOfCode, undefined, 'partition'],
    [originOfSpawn, 'ENOENT', 'program'],
    [originOfSpawn, 'EACCES', 'program'],
    [originOfSpawn, 'ETXTBSY', 'program'],
    [originOfSpawn, 'EAGAIN', 'host'],
    [originOfSpawn, 'ENOMEM', 'host'],
    [originOfSpawn, 'E2BIG', 'partition'],
  ] as const)('%o of %s: %s', (originOf, code, origin) => {
    expect(originOf(code)).toBe(origin);
  });

  test.each([
    ['its own alone, with the server silent', null, false, null, true],
    ['its own alone, ended by the server', '57P01', false, null, true],
    ['all, since another one crashed', '57P02', false, { said: '57P02' }, false],
    ['all, and the others were told of a crash', null, false, { said: '57P02' }, true],
    ['all, and no connection was told anything: the network', null, false, { said: null }, false],
    ['all ended by an operator', '57P01', false, { said: '57P01' }, false],
    ['a server that was restarted', '57P01', true, null, false],
    ['another server', null, true, { said: null }, false],
  ])('a lost connection, %s: crash %#', (_, said, restarted, other, crash) => {
    expect(isCrash({ said, restarted, other })).toBe(crash);
  });

  test('three attempts last more than seven seconds', () => {
    const waits = [0, 1].map((failures) => backOffMs(failures, defaultTimings.back_off, 0));
    expect(waits[0]! + waits[1]!).toBeGreaterThanOrEqual(7_500);
    expect(backOffMs(40, defaultTimings.back_off, 1)).toBe(60_000);
  });

  test('failures of one kind have one fingerprint, in characters that every database has', () => {
    const fingerprint = failureFingerprint('relation "événements_2024_01_05" does not exist\nmore');
    expect(failureFingerprint('relation "événements_2024_02_17" does not exist')).toBe(fingerprint);
    expect(fingerprint).toMatch(/^[ -~]+$/);
    expect(failureFingerprint('relation "orders" does not exist')).not.toBe(fingerprint);
  });
});

describe('A18: what the database refuses', () => {
  test.each([
    ['40001', 'passing'],
    ['40P01', 'passing'],
    ['55P03', 'passing'],
    ['57014', 'passing'],
    ['53100', 'passing'],
    ['25006', 'passing'],
    ['42501', 'database'],
    ['42883', 'database'],
    ['P0001', 'content'],
    ['22P05', 'content'],
    ['22021', 'content'],
    ['23514', 'content'],
  ])('%s: %s', (code, kind) => {
    expect(refusalOf(code)).toBe(kind);
  });

  test('is reported in text that any database holds, and keeps what it was', () => {
    expect(refusedOutcome({ kind: 'completed' }, 'audit: “no”')).toEqual({
      kind: 'failed',
      message: 'the database refused its completion: audit: ?no?',
    });
    expect(
      refusedOutcome({ kind: 'fatal', message: '5 € short', permanent: true }, '22P05'),
    ).toEqual({
      kind: 'fatal',
      message: '5 ? short\n(the database refused the message as it was: 22P05)',
      permanent: true,
    });
  });
});

describe('causes by SQLSTATE', () => {
  // D: of 42501 explain said "schema changes", and named no grant.
  test.each([
    [
      'permission denied for table orders (SQLSTATE 42501, role servo_app)',
      'run: grant select, insert, update, delete on table orders to servo_app; then retry',
    ],
    [
      'permission denied for schema raw (SQLSTATE 42501, role loader-1)',
      'run: grant usage on schema raw to "loader-1"; then retry',
    ],
    ['must be owner of table orders (SQLSTATE 42501, role servo_app)', /only its owner/],
    ['relation "orders" does not exist (SQLSTATE 42P01)', /^relation "orders" does not exist:/],
    ['could not extend file (SQLSTATE 53100): No space', /out of/],
    ['no space left on device (SQLSTATE 53100)', /out of disk space/],
    ['canceling statement due to statement timeout (SQLSTATE 57014)', /raise statement_timeout/],
    ['canceling statement due to user request (SQLSTATE 57014)', /it was cancelled/],
    ['deadlock detected (SQLSTATE 40P01)', /^conflicts are retried/],
    ['could not connect to server "src" (SQLSTATE 08001)', /check the server/],
  ])('D: the advice for %s', (message, advice) => {
    expect(likelyCause(message)?.advice).toEqual(
      typeof advice === 'string' ? advice : expect.stringMatching(advice),
    );
  });
});
