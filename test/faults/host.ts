import { once } from 'node:events';
import type { ConnectionSettings } from '../../source/database/settings.ts';
import { Worker } from '../support/worker.ts';
import { Way } from './way.ts';

type WorkerOptions = { args: string[]; env: NodeJS.ProcessEnv };

/** One host: a worker process and its way to the database. */
export class Host {
  readonly proxy: Way;
  readonly #tenant: string;
  readonly #options: WorkerOptions;
  #worker: Worker | null = null;
  /** A fault is being done to it: one at a time. */
  busy = false;
  /** How workers ended that were not killed, with the end of their log. */
  readonly deaths: string[] = [];
  #expected = false;

  private constructor(proxy: Way, tenant: string, options: WorkerOptions) {
    this.proxy = proxy;
    this.#tenant = tenant;
    this.#options = options;
  }

  static async open(
    database: ConnectionSettings,
    tenant: string,
    options: WorkerOptions,
  ): Promise<Host> {
    return new Host(await Way.open(database), tenant, options);
  }

  get worker(): Worker | null {
    return this.#worker;
  }

  /** Sees to it that there is a worker. */
  start(): void {
    if (this.#worker !== null) return;
    const worker = new Worker(
      this.proxy.settings,
      this.#tenant,
      this.#options.args,
      this.#options.env,
    );
    this.#worker = worker;
    this.#expected = false;
    void worker.exited.then(([code, signal]) => {
      this.#worker = null;
      // One that cannot reach the database at its start says so and ends; SIGKILL is us, or the handler that kills.
      const started = /executor .* started/.test(worker.log);
      if (this.#expected || signal === 'SIGKILL' || (!started && code === 5)) return;
      this.deaths.push(`exit code ${code}, signal ${signal}: ${worker.log.slice(-3_000)}`);
    });
  }

  /** The signal goes out now; true if there was somebody to get it. */
  signal(name: NodeJS.Signals): boolean {
    if (this.#worker === null) return false;
    if (name === 'SIGTERM' || name === 'SIGKILL') this.#expected = true;
    return this.#worker.process.kill(name);
  }

  async end(name: NodeJS.Signals): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.signal(name);
    await worker.exited;
  }

  async close(): Promise<void> {
    this.signal('SIGCONT');
    if (this.#worker !== null) {
      const { process } = this.#worker;
      const gone = process.exitCode === null ? once(process, 'exit') : null;
      this.signal('SIGKILL');
      await gone;
    }
    await this.proxy.close();
  }
}
