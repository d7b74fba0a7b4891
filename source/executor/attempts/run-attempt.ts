import type { Attempt, Outcome } from '../../domain/partition/attempt.ts';
import { keptMessage } from '../../domain/partition/attempt.ts';
import { messageOf } from '../../errors.ts';
import type { HandlerResult } from '../../handlers/handler.ts';

export type StopReason =
  | { why: 'timeout'; after_ms: number }
  | { why: 'lost' }
  | { why: 'drain' }
  | { why: 'fence' };

export type Ended = { outcome: Outcome; output?: string; duration_ms: number };

const stopOutcomes: Readonly<Record<StopReason['why'], (reason: StopReason) => Outcome>> = {
  timeout: (reason) => ({
    kind: 'failed',
    message: `timed out after ${'after_ms' in reason ? reason.after_ms / 1000 : 0} s`,
  }),
  lost: () => interrupted('stopped: its lease was lost'),
  drain: () => interrupted('interrupted: its executor was told to stop'),
  fence: () => interrupted('interrupted: its executor lost the database'),
};

function interrupted(message: string): Outcome {
  return { kind: 'snoozed', message, delay_ms: 0, interrupted: true };
}

/** One attempt under way: it ends, times out, or is stopped. */
export class RunningAttempt {
  readonly attempt: Attempt;
  readonly #controller = new AbortController();
  #reason: StopReason | null = null;

  constructor(attempt: Attempt) {
    this.attempt = attempt;
  }

  stop(reason: StopReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller.abort();
  }

  /** Aborted when the attempt is stopped, also after its work has ended. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get stopped(): StopReason | null {
    return this.#reason;
  }

  /** Runs `work`; never rejects. A completion counts even if the attempt was told to stop. */
  async run(
    work: (signal: AbortSignal) => Promise<HandlerResult>,
    timeoutMs: number,
  ): Promise<Ended> {
    const started = performance.now();
    const timer = setTimeout(() => this.stop({ why: 'timeout', after_ms: timeoutMs }), timeoutMs);
    let ended: HandlerResult;
    try {
      ended = await work(this.#controller.signal);
    } catch (error) {
      ended = { outcome: { kind: 'failed', message: messageOf(error) } };
    } finally {
      clearTimeout(timer);
    }
    const duration_ms = performance.now() - started;
    const stopped = this.#reason;
    const outcome =
      stopped !== null && ended.outcome.kind !== 'completed'
        ? stopOutcomes[stopped.why](stopped)
        : ended.outcome;
    return { outcome: cleaned(outcome, ended.progress), output: ended.output, duration_ms };
  }
}

/** Adds the last progress message to a failure. */
function cleaned(outcome: Outcome, progress: string | undefined): Outcome {
  if (!('message' in outcome)) return outcome;
  const at = progress && outcome.kind === 'failed' ? ` (at: ${progress})` : '';
  return { ...outcome, message: keptMessage(`${outcome.message}${at}`) };
}
