import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../source/package.ts';
import { Backfills, keys, tenant } from '../support/backfill.ts';
import { waitFor } from '../support/wait-for.ts';
import { binary, environmentFor, handlerDirectory } from '../support/worker.ts';

const namespace = ['--pid', '--fork', '--kill-child', '--mount-proc'];
const can = (program: string) =>
  spawnSync('unshare', [...namespace, program, '--version']).status === 0;

it('A21: the image starts the program under an init', () => {
  const file = readFileSync(join(packageRoot, 'deploy/Containerfile'), 'utf8');
  expect(file).toContain('ENTRYPOINT ["tini", "--", "servo-tui"]');
});

const inits = can('node') ? [[], ...(can('tini') ? [['tini', '--']] : [])] : [];
it.each(inits.map((init) => ({ init })))(
  'A21: as process 1 under "$init" it says what zombies need, or leaves none',
  async ({ init }) => {
    const backfills = await Backfills.open();
    // What outlives the program that started it ends as a child of process 1.
    const directory = handlerDirectory({
      leave: '#!/bin/sh\n(sleep 0.01 &)\n',
      count:
        "#!/bin/sh\nwhile grep -q '^State:.Z' /proc/[0-9]*/status; do sleep 0.05; done 2>/dev/null\n",
    });
    const left = await backfills.job({ asset: 'leave', keys: keys(8) });
    const program = [process.execPath, binary, '--worker', '--handlers', directory];
    const worker = spawn('unshare', [...namespace, ...init, ...program], {
      env: { ...environmentFor(backfills.database.app, tenant), SERVO_SPEED: '50' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    worker.stderr.setEncoding('utf8').on('data', (text) => (log += text));
    const exited = once(worker, 'exit');
    await backfills.state(left, 'completed');
    if (init.length === 0) expect(log).toContain('running as process 1');
    else {
      expect(log).not.toContain('running as process 1');
      await backfills.state(await backfills.job({ asset: 'count', keys: keys(1) }), 'completed');
    }
    worker.kill('SIGKILL');
    await exited;
    await waitFor('its processes to be gone', () => worker.exitCode ?? worker.signalCode);
    await backfills.close();
  },
);
