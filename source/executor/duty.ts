import { messageOf } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { Loop } from './loop.ts';
import { jittered } from './settings.ts';

type DutyConfig = {
  name: string;
  /** Milliseconds between two rounds, if the round does not return its own. */
  every: number;
  /** Milliseconds until the first round; without it, the first round runs at once. */
  delay?: number;
  log: Log;
};

/**
 * Something that an executor does in rounds for as long as it runs. `start` and `stop` are
 * idempotent; `stop` waits for the round under way. A round that fails is tried again.
 */
export abstract class Duty {
  readonly #config: DutyConfig;
  readonly #loop: Loop;

  /** Throws a RangeError unless the interval is positive. */
  constructor(config: DutyConfig) {
    if (!(config.every > 0 && (config.delay ?? 1) > 0))
      throw new RangeError(
        `${config.name}: invalid interval ${config.every}: expected more than 0`,
      );
    this.#config = config;
    this.#loop = new Loop(
      () => this.#run(),
      config.delay === undefined ? null : jittered(config.delay),
    );
  }

  start(): void {
    this.#loop.start();
  }

  /** Runs a round now, or once more after the one under way. */
  wake(): void {
    this.#loop.wake();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** One round; resolves to the milliseconds until the next one, or to nothing: the usual pause. */
  protected abstract round(): Promise<number | undefined>;

  /** Called when a round has failed; returns the milliseconds until it is tried again. */
  protected failed(error: unknown): number {
    const { name, every, log } = this.#config;
    log.debug(`${name} failed, trying again: ${messageOf(error)}`);
    return jittered(every);
  }

  async #run(): Promise<number> {
    try {
      return (await this.round()) ?? jittered(this.#config.every);
    } catch (error) {
      return this.failed(error);
    }
  }
}
