/**
 * Runs rounds, never two at the same time: when woken, or after the pause that the last round
 * returned. Starting and stopping are idempotent; `stop` waits for the current round.
 */
export class Loop {
  readonly #round: () => Promise<number>;
  readonly #delay: number | null;
  #timer: NodeJS.Timeout | null = null;
  #current: Promise<void> | null = null;
  #again = false;
  #stopped = true;

  /**
   * @param round one round; resolves to the milliseconds until the next one, and never rejects
   * @param delay milliseconds until the first round; null: at once
   */
  constructor(round: () => Promise<number>, delay: number | null = null) {
    this.#round = round;
    this.#delay = delay;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    if (this.#delay === null) this.wake();
    else this.#timer = setTimeout(() => this.wake(), this.#delay);
  }

  /** Runs a round now, or once more after the one under way. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    if (this.#current === null) this.#current = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#current;
  }

  async #run(): Promise<void> {
    let pause = 0;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      if (this.#timer !== null) clearTimeout(this.#timer);
      pause = await this.#round();
    }
    this.#current = null;
    if (!this.#stopped) this.#timer = setTimeout(() => this.wake(), pause);
  }
}
