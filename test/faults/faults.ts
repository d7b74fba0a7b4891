import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.ts';
import { orders } from './operator.ts';
import type { Fate } from './proxy.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';
import type { StopMode } from './servers.ts';

/** Does the fault and undoes it; false where there was nothing to do it to. */
type Fault = (scene: Scene, random: Random) => Promise<boolean>;

const messages = {
  step: /servo_report_and_claim_v/,
  'SQL handler': /servo_run_sql_v/,
  beat: /servo_heartbeat_v/,
  claim: /servo_claim_v/,
  rescue: /servo_rescue_v/,
} as const;

/** One host at a time, and only one that has a worker and nothing done to it. */
function onHost(work: (host: Host, random: Random) => Promise<unknown>): Fault {
  return async (scene, random) => {
    const free = scene.hosts.filter((host) => !host.busy && host.worker !== null);
    if (free.length === 0) return false;
    const host = random.pick(free);
    host.busy = true;
    try {
      return (await work(host, random)) !== false;
    } finally {
      host.busy = false;
      host.start();
    }
  };
}

/** Something is done at the moment when the proxy has a message, or its reply, in hand. */
function atPoint(
  point: 'before' | 'after',
  act: (host: Host) => Fate,
): (host: Host, random: Random) => Promise<boolean> {
  return async (host, random) => {
    const message =
      messages[random.weighted({ step: 5, 'SQL handler': 5, beat: 1, claim: 1, rescue: 1 })];
    const sprung = host.proxy.trap(message, { [point]: () => act(host) });
    return Promise.race([sprung.then(() => true), sleep(2_000).then(() => false)]);
  };
}

const kill = (host: Host) => {
  host.signal('SIGKILL');
  return 'passed' as const;
};
/** The message, or its reply, is lost with the connection. */
const lose = () => 'lost' as const;
/** … or the connection stays, and says nothing any more. */
const swallow = () => 'swallowed' as const;
const killAndLose = (host: Host) => {
  host.signal('SIGKILL');
  return 'lost' as const;
};

const killed = (work: (host: Host, random: Random) => Promise<boolean>) =>
  onHost(async (host, random) => {
    const done = await work(host, random);
    if (done) await host.worker?.exited;
    return done;
  });

/** Where an order is not to come as often as the others. */
const orderWeights: Readonly<Record<string, number>> = { resume: 8, cancel: 1, recreate: 1.5 };

/** Every kind of fault, with how often it comes beside the others. */
export const faults: Readonly<Record<string, { weight: number; fault: Fault }>> = {
  SIGKILL: { weight: 4, fault: onHost((host) => host.end('SIGKILL')) },
  'SIGKILL before a message is sent on': {
    weight: 2,
    fault: killed(atPoint('before', killAndLose)),
  },
  'SIGKILL after a message is sent on': { weight: 2, fault: killed(atPoint('before', kill)) },
  'SIGKILL before its reply arrives': {
    weight: 2,
    fault: killed(atPoint('after', killAndLose)),
  },
  'SIGKILL as its reply arrives': { weight: 2, fault: killed(atPoint('after', kill)) },
  'SIGSTOP, SIGCONT': {
    weight: 4,
    fault: onHost(async (host, random) => {
      host.signal('SIGSTOP');
      await sleep(random.between(100, 5_000));
      host.signal('SIGCONT');
    }),
  },
  'SIGTERM (drain)': { weight: 2, fault: onHost((host) => host.end('SIGTERM')) },
  'SIGTERM twice': {
    weight: 1,
    fault: onHost(async (host, random) => {
      host.signal('SIGTERM');
      await sleep(random.between(0, 200));
      await host.end('SIGTERM');
    }),
  },
  'connections cut': { weight: 4, fault: onHost(async (host) => host.proxy.cut() > 0) },
  'half-open TCP': {
    weight: 3,
    fault: onHost(async (host, random) => {
      host.proxy.weather = { kind: 'frozen' };
      await sleep(random.between(200, 7_000));
      host.proxy.weather = { kind: 'clear' };
    }),
  },
  'slow network': {
    weight: 2,
    fault: onHost(async (host, random) => {
      host.proxy.weather = { kind: 'slow', delay: random.between(2, 150) };
      await sleep(random.between(500, 3_000));
      host.proxy.weather = { kind: 'clear' };
    }),
  },
  'message lost': { weight: 4, fault: onHost(atPoint('before', lose)) },
  'reply lost after commit': { weight: 5, fault: onHost(atPoint('after', lose)) },
  'message swallowed': { weight: 1, fault: onHost(atPoint('before', swallow)) },
  'reply swallowed after commit': { weight: 2, fault: onHost(atPoint('after', swallow)) },
  'pg_terminate_backend, one': { weight: 4, fault: terminate('order by random() limit 1') },
  'pg_terminate_backend, all': { weight: 1, fault: terminate('') },
  'server restart, fast': {
    weight: 0.4,
    fault: restart('fast'),
  },
  'server restart, immediate': {
    weight: 0.4,
    fault: restart('immediate'),
  },
  'endpoint away': {
    weight: 1,
    fault: alone(async (scene, random) => {
      await scene.endpoint.away(random.between(50, 3_000));
    }),
  },
  'remote source away': {
    weight: 1,
    fault: alone(async (scene, random) => {
      await scene.insist(() => scene.rows('update remote_state set down = true'));
      await sleep(random.between(50, 3_000));
      await scene.insist(() => scene.rows('update remote_state set down = false'));
    }),
  },
  'program missing': {
    weight: 1,
    fault: alone(async ({ directory }, random) => {
      const [path, elsewhere] = [join(directory, 'program'), join(directory, '.program')];
      renameSync(path, elsewhere);
      await sleep(random.between(50, 3_000));
      renameSync(elsewhere, path);
    }),
  },
  failover: { weight: 0.8, fault: (scene) => scene.servers.failOver() },
  ...Object.fromEntries(
    Object.entries(orders).map(([name, fault]) => [
      name,
      { weight: orderWeights[name] ?? 2, fault },
    ]),
  ),
};

/** Not twice at the same time. */
function alone(work: (scene: Scene, random: Random) => Promise<void>): Fault {
  let busy = false;
  return async (scene, random) => {
    if (busy) return false;
    busy = true;
    try {
      await work(scene, random);
      return true;
    } finally {
      busy = false;
    }
  };
}

function restart(mode: StopMode): Fault {
  return async (scene) => {
    await scene.servers.restart(mode);
    return true;
  };
}

function terminate(which: string): Fault {
  return async (scene) => {
    const ended = await scene.rows(
      `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
       where usename = 'servo_app' and starts_with(application_name, 'servo-tui executor') ${which}) a`,
    );
    return ended.length > 0;
  };
}
