import { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { expect, it, vi } from 'vitest';
import { noSettings } from '../../source/handlers/asset-settings.ts';
import { executableHandler } from '../../source/handlers/executable.ts';
import { anAttempt } from '../support/attempt.ts';

// Node's own way when the system has no descriptor left: only the system's answer is made up.
vi.mock('node:child_process', async (original) => ({
  ...(await original<typeof import('node:child_process')>()),
  spawn: (file: string, _: string[], options: { stdio: string[] }) => {
    const child = new ChildProcess() as ChildProcess & {
      _handle: { spawn(): number };
      spawn(options: object): number;
    };
    child._handle.spawn = () => -constants.errno.EMFILE;
    child.spawn({ ...options, file, args: [file] });
    return child;
  },
}));

it('A9: a program that cannot start without descriptors is unavailable, not failed', async () => {
  const { run } = executableHandler('orders', '/bin/true', noSettings);
  const { outcome } = await run({
    attempt: anAttempt(),
    signal: new AbortController().signal,
    grace_ms: 100,
  });
  expect(outcome).toEqual({
    kind: 'unavailable',
    of: 'host',
    message: 'cannot run /bin/true: spawn /bin/true EMFILE',
  });
});
