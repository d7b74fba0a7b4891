import { describe, expect, test } from 'vitest';
import { connectionFromUrl, connectionFromVariables } from '../source/config/connection.ts';
import { describeConnection } from '../source/database/settings.ts';

const read = (url: string, env: Record<string, string> = {}) =>
  connectionFromUrl('DATABASE_URL', url, env);

describe('several hosts, as libpq writes them', () => {
  test('in a URL, each with its port or none', () => {
    expect(
      read('postgres://app:s3cret@one:5433,two,[::1]:5435/servo?target_session_attrs=read-write'),
    ).toMatchObject({
      host: 'one',
      port: 5433,
      hosts: [
        { host: 'one', port: 5433 },
        { host: 'two', port: 5432 },
        { host: '::1', port: 5435 },
      ],
      target: 'writable',
      user: 'app',
      password: 's3cret',
      database: 'servo',
    });
  });

  test('in PGHOST and PGPORT, with one port for all or one for each', () => {
    const each = { PGHOST: 'one,two', PGPORT: '5433,5434', PGTARGETSESSIONATTRS: 'primary' };
    expect(connectionFromVariables(each)).toMatchObject({
      hosts: [
        { host: 'one', port: 5433 },
        { host: 'two', port: 5434 },
      ],
      target: 'writable',
    });
    expect(connectionFromVariables({ PGHOST: 'one,two', PGPORT: '6432' })).toMatchObject({
      host: 'one',
      port: 6432,
      hosts: [
        { host: 'one', port: 6432 },
        { host: 'two', port: 6432 },
      ],
    });
  });

  test('a writable one is preferred where nothing is said, and nothing else changes for one host', () => {
    expect(read('postgres://app@one,two/servo')).not.toHaveProperty('target');
    expect(read('postgres://app@one/servo')).not.toHaveProperty('hosts');
    expect(read('postgres://app@one/servo?target_session_attrs=read-write')).not.toHaveProperty(
      'hosts',
    );
  });

  test('a target that no program of ours could work with is refused', () => {
    expect(read('postgres://app@one,two/servo?target_session_attrs=standby')).toMatchObject({
      message: expect.stringContaining('target_session_attrs'),
    });
    for (const word of ['read-only', 'constructor'])
      expect(connectionFromVariables({ PGTARGETSESSIONATTRS: word })).toMatchObject({
        message: expect.stringContaining('PGTARGETSESSIONATTRS'),
      });
  });

  test('ports that do not fit the hosts are a mistake', () => {
    expect(connectionFromVariables({ PGHOST: 'one,two', PGPORT: '1,2,3' })).toEqual({
      message: 'invalid PGPORT: expected 1 to 65535',
    });
  });

  test('all of them are told, without the password', () => {
    const settings = read('postgres://app:s3cret@one:5433,two/servo');
    expect('message' in settings ? settings : describeConnection(settings)).toBe(
      'app@one:5433,two:5432/servo',
    );
  });
});
