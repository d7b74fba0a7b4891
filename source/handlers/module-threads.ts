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

/** Always from the bundle, also in tests: a thread cannot load TypeScript. */
const threadFile = join(packageRoot, 'dist', 'module-thread.js');
/** How long an idle thread is kept: it costs megabytes, a new one tens of milliseconds. */
const idleMs = 30_000;
const mebibyte = 1024 * 1024;

type ModuleThreadsOptions = {
  slots: number;
  /** Heap of each thread in MiB. Default: its share of three quarters of the host's memory. */
  memory_mb?: number;
  warn(message: string): void;
};

/**
 * The threads in which one executor runs its module handlers, one attempt at a time in each.
 *
 * A handler is the default export of `<asset>.js` or `.mjs`: `async (context) => …`. The context
 * has the attempt's facts (attemptFacts), `settings`, `signal` (an AbortSignal), `log(...values)`
 * and `progress(text)`, which is shown when the attempt times out or fails.
 *
 * Returning completes the partition, unless the signal was aborted before. Throwing, process.exit,
 * an uncaught error and running out of memory are failures that are retried. A thrown or returned
 * `{ code: 'SERVO_FAIL', message }` fails without a retry; `{ code: 'SERVO_RETRY', message,
 * retryAfterMs }` snoozes and counts nothing (default 30 s, at most a day). Errors whose `code`
 * means that something else is unavailable count nothing: domain/partition/error-origin.ts. A
 * module that cannot be loaded is a permanent failure.
 *
 * It is stopped by its signal and, `grace_ms` later, by ending its thread. A synchronous system
 * call (execSync) and child processes outlive that: pass the signal to child processes.
 *
 * A module is imported once in each thread: restart the executor after a change. Threads do not get
 * the database's variables except those in `[env] pass`; assets with different ones use different
 * threads. This prevents accidents, not attacks: a module runs in the executor's process.
 */
export class ModuleThreads {
  readonly #options: ModuleThreadsOptions;
  /** By the variables that `[env] pass` names. */
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
    const { pass, http, ...settings } = handler.settings ?? noSettings;
    const pool = await this.#pool(pass);
    const { port1: port, port2 } = new MessageChannel();
    const task: ModuleTask = {
      path: handler.path,
      values: { ...attemptFacts(attempt), settings },
      port: port2,
      log: log.buffer,
    };
    const ending = new AbortController();
    let ended: Promise<unknown> | undefined;
    let force: NodeJS.Timeout | undefined;
    const onError = (error: unknown) => {
      // Piscina would keep the task of a thread that cannot start.
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
      // A thread in a synchronous system call may end much later: do not wait for it.
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
    // Loaded on demand: most executors have no modules.
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: threadFile,
      minThreads: 0,
      maxThreads: slots,
      idleTimeout: idleMs,
      // Otherwise an idle thread sleeps, and the handler's keep-alives with it.
      atomics: 'disabled',
      env: handlerEnvironment(pass),
      // Preloads of the executor are not meant for handlers.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memory_mb },
      recordTiming: false,
    });
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
