import { expect, test } from 'vitest';
import { forgetForeignVariables } from './environment.ts';

test('D: what would change a program’s output does not reach a test, anything else does', () => {
  const foreign = [
    ...['FORCE_COLOR', 'NO_COLOR', 'CI', 'LC_ALL', 'PGPASSWORD', 'PGSERVICE', 'SERVO_TENANT'],
    // As set under systemd.
    ...['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'],
  ];
  const kept = ['X_ANY', 'TEST_X', 'SERVO_EMBEDDED_X'];
  for (const name of [...foreign, ...kept]) process.env[name] = '1';
  forgetForeignVariables();
  const left = [...foreign, ...kept].filter((name) => name in process.env);
  for (const name of kept) delete process.env[name];
  expect(left).toEqual(kept);
});
