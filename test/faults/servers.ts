import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import {
  type EmbeddedServer,
  ensureEmbeddedServer,
  resetEmbeddedServer,
  stopEmbeddedServer,
} from '../../source/database/embedded/server.ts';
import type { ConnectionSettings } from '../../source/database/settings.ts';

/** How a server is stopped: as by `pg_ctl stop -m MODE`. */
export type StopMode = 'fast' | 'immediate';

/** The database of a scene: what can be done to it, and the ways to it. */
export interface Servers {
  readonly superuser: ConnectionSettings;
  readonly app: ConnectionSettings;
  /** Ends the server, and starts it again. */
  restart(mode: StopMode): Promise<void>;
  /** The primary dies, and its standby takes its place; false where there is no standby that has everything. */
  failOver(): Promise<boolean>;
  close(): Promise<void>;
}

/** The embedded server, in a home of its own. */
export class OneServer implements Servers {
  readonly superuser: ConnectionSettings;
  readonly app: ConnectionSettings;
  readonly #home: string;
  #server: EmbeddedServer;

  private constructor(home: string, server: EmbeddedServer) {
    this.#home = home;
    this.#server = server;
    this.superuser = server.superuser;
    this.app = server.app;
  }

  static async open(home: string): Promise<OneServer> {
    process.env.SERVO_EMBEDDED_FSYNC = 'off';
    try {
      return new OneServer(home, await ensureEmbeddedServer({ home }));
    } catch (error) {
      await resetEmbeddedServer({ home });
      throw error;
    }
  }

  async restart(mode: StopMode): Promise<void> {
    if (mode === 'fast') await stopEmbeddedServer({ home: this.#home });
    else process.kill(this.#server.pid, 'SIGQUIT');
    this.#server = await ensureEmbeddedServer({ home: this.#home });
  }

  async failOver(): Promise<boolean> {
    return false;
  }

  /** A signal to every process of the server, as to a host that freezes (SIGSTOP) or has gone (SIGKILL). */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#server;
    const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    for (const one of [pid, ...stdout.split('\n').filter(Boolean).map(Number)]) {
      try {
        process.kill(one, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** Where it does not run any more. */
  async start(): Promise<void> {
    this.#server = await ensureEmbeddedServer({ home: this.#home });
  }

  async close(): Promise<void> {
    await resetEmbeddedServer({ home: this.#home });
    rmSync(this.#home, { recursive: true, force: true });
  }
}
