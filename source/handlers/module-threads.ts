import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { attemptFacts, type Outcome } from '../domain/partition/attempt.ts';
import { originOfCode, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import { packageRoot } from '../package.ts';
import { noSettings } from './asset-settings.ts';
import { handlerEnvironment } from './environment.ts';
import type { HandlerContext, HandlerResult, ModuleHandler } from './handler.ts';
import type { ModuleTask } from './module-thread.ts';
import { logText } from './output-tail.ts';
import { SharedLog } from './shared-log.ts';
import { recheckTrust, untrustedOutcome } from './trusted-file.ts';

/** In the bundle, also for tests that run from source: a thread loads it as it is. */
const threadFile = join(packageRoot, 'dist', 'module-thread.js');
/** An idle thread is kept so long: it costs some megabytes, a new one some tens of milliseconds. */
const idleMs = 30_000;
const mebibyte = 1024 * 1024;

export type ModuleThreadsOptions = {
  /** Modules that run at once. */
  slots: number;
  /** Heap of each thread in MiB; a module that needs more loses its attempt. Default: its share of three quarters of the host's memory. */
  memory_mb?: number;
  /** What went wrong in a thread outside of any attempt. */
  warn(message: string): void;
};

/**
 * The threads in which one executor runs its module handlers, one attempt at a time in each.
 *
 * A handler is the default export of `<asset>.js` or `.mjs`: `async (context) => …`. The context has
 * the attempt's facts (see attemptFacts); `settings` (of its settings file); `signal`, an
 * AbortSignal; `log(...values)` as console.log, which is kept as well; `progress(text)`, named when
 * the attempt times out or fails.
 *
 * It is done when it returns, whatever it returns, unless its signal was aborted before. It is tried again when it throws, whatever it
 * throws; calls process.exit; leaves an error uncaught; or runs out of memory. By the `code` of what it throws or
 * returns, without any import: `{ code: 'SERVO_FAIL', message }` fails for good, `{ code: 'SERVO_RETRY', message, retryAfterMs }`
 * comes back later and counts nothing (default 30 s, at most a day).
 *
 * An error that says by its `code`, or by that of its cause, that something else is away (ECONNREFUSED, EMFILE) counts as no failure:
 * see domain/partition/error-origin.ts. A module that cannot be loaded is a permanent failure.
 *
 * It is stopped by its signal and, `grace_ms` later, by ending its thread, also in a loop without end. Two things outlive that:
 * a synchronous call into the system (execSync), as long as it lasts, and child processes: give them the signal.
 *
 * A module is imported once in each thread: after its file has changed, restart the worker. Threads are not given the
 * database's variables but those that `[env] pass` names; threads that are given different ones are kept apart. That keeps
 * accidents away, not intent: a module runs in the worker's process and can do what the worker can.
 */
export class ModuleThreads {
  readonly #options: ModuleThreadsOptions;
  /** By the variables that their threads see. */
  readonly #pools = new Map<string, Promise<Piscina>>();

  constructor(options: ModuleThreadsOptions) {
    this.#options = options;
  }

  /** Runs one attempt. Never rejects. */
  async run(handler: ModuleHandler, context: HandlerContext): Promise<HandlerResult> {
    const refusal = await recheckTrust(handler.path);
    if (refusal !== null) return { outcome: untrustedOutcome(refusal) };
    const log = new SharedLog();
    let outcome: Outcome;
    try {
      outcome = await this.#run(handler, context, log);
    } catch (error) {
      const origin = originOfCode((error as NodeJS.ErrnoException).code);
      outcome = outcomeByOrigin(origin, `cannot run ${handler.path}: ${messageOf(error)}`);
    }
    const { bytes, dropped } = log.read();
    return { outcome, output: logText(bytes, dropped), progress: log.progress };
  }

  /** Ends every thread. */
  async close(): Promise<void> {
    const pools = await Promise.allSettled(this.#pools.values());
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.status === 'fulfilled' && pool.value.destroy()));
  }

  async #run(
    handler: ModuleHandler,
    { attempt, signal, grace_ms }: HandlerContext,
    log: SharedLog,
  ): Promise<Outcome> {
    const { pass, http, ...told } = handler.settings ?? noSettings;
    const pool = await this.#pool(pass);
    const { port1: port, port2 } = new MessageChannel();
    const task: ModuleTask = {
      path: handler.path,
      values: { ...attemptFacts(attempt), settings: told },
      port: port2,
      log: log.buffer,
    };
    const ending = new AbortController();
    let ended: Promise<unknown> | undefined;
    let force: NodeJS.Timeout | undefined;
    const onError = (error: unknown) => {
      // Piscina keeps a task that waits for a thread which cannot be started.
      if (log.thread === 0) ending.abort(error);
    };
    pool.on('error', onError);
    const stop = () => {
      port.postMessage('stop');
      force = setTimeout(() => {
        const thread = pool.threads.find(({ threadId }) => threadId === log.thread);
        if (thread !== undefined) ended = new Promise((resolve) => thread.once('exit', resolve));
        ending.abort();
      }, grace_ms);
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return { kind: 'failed', message: 'stopped' };
      const error = await pool
        .run(task, { transferList: [port2], signal: ending.signal })
        .then(() => null, reasonOf);
      // A thread that hangs in a call into the system ends after it: nobody waits for that.
      if (ended !== undefined) await Promise.race([ended, sleep(grace_ms)]);
      const said = receiveMessageOnPort(port);
      if (said !== undefined) return said.message;
      return ended === undefined ? lost(error) : { kind: 'failed', message: 'stopped by force' };
    } finally {
      pool.off('error', onError);
      signal.removeEventListener('abort', stop);
      clearTimeout(force);
      port.close();
    }
  }

  #pool(pass: readonly string[]): Promise<Piscina> {
    const key = [...pass].sort().join();
    const existing = this.#pools.get(key);
    if (existing !== undefined) return existing;
    const pool = this.#open(pass);
    this.#pools.set(key, pool);
    return pool;
  }

  async #open(pass: readonly string[]): Promise<Piscina> {
    const { slots, memory_mb = shareOfMemory(slots), warn } = this.#options;
    // Most workers have no modules.
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: threadFile,
      minThreads: 0,
      maxThreads: slots,
      idleTimeout: idleMs,
      // Otherwise an idle thread sleeps, and with it what keeps a handler's connections open.
      atomics: 'disabled',
      env: handlerEnvironment(pass),
      // Not ours: what is preloaded here is not meant for them.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memory_mb },
      recordTiming: false,
    });
    // One listener for each attempt.
    pool.setMaxListeners(0);
    pool.on('error', (error) => warn(`a thread of module handlers ended: ${messageOf(error)}`));
    pool.on('message', warn);
    return pool;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause instanceof Error && cause.name !== 'AbortError' ? cause : error);
}

function lost(error: string | null): Outcome {
  const message = /memory/.test(error ?? '')
    ? `ran out of memory: ${error}`
    : `its thread ended: ${error ?? 'without an outcome'}`;
  return { kind: 'failed', message };
}

function shareOfMemory(slots: number): number {
  const constrained = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const share = (Math.min(constrained, totalmem()) * 0.75) / slots / mebibyte;
  return Math.round(Math.min(4096, Math.max(128, share)));
}
