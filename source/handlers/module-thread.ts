import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import { format, inspect } from 'node:util';
import { type MessagePort, parentPort, threadId } from 'node:worker_threads';
import type { Outcome } from '../domain/partition/attempt.ts';
import {
  describe,
  outcomeOfLoading,
  outcomeOfReturned,
  outcomeOfThrown,
} from './module-outcome.ts';
import { SharedLog } from './shared-log.ts';

/** One attempt for a thread. */
export type ModuleTask = {
  path: string;
  /** The handler's context without its functions. */
  values: Readonly<Record<string, unknown>>;
  /** Any message to the thread means stop; the thread sends the outcome. */
  port: MessagePort;
  log: SharedArrayBuffer;
};

type Run = { asset: unknown; log: SharedLog; ended: boolean; end(outcome: Outcome): void };

/** Attributes late callbacks of a handler to its own attempt, not to the thread's next one. */
const owner = new AsyncLocalStorage<Run>();
let current: Run | null = null;
const stopped: Outcome = { kind: 'failed', message: 'stopped' };
const exit = process.exit.bind(process);

/** Runs one attempt. Piscina calls it in the thread. */
export default async function runModule(task: ModuleTask): Promise<void> {
  const { port } = task;
  const log = new SharedLog(task.log);
  log.thread = threadId;
  const run: Run = {
    asset: task.values.asset,
    log,
    ended: false,
    end(outcome) {
      if (run.ended) return;
      run.ended = true;
      port.postMessage(outcome);
    },
  };
  const stopping = new AbortController();
  port.on('message', () => stopping.abort());
  port.unref();
  current = run;
  await owner.run(run, () => perform(task, run, stopping.signal));
  current = null;
  port.close();
}

async function perform(task: ModuleTask, run: Run, signal: AbortSignal): Promise<void> {
  let handler: unknown;
  try {
    handler = await importDefault(task.path);
  } catch (error) {
    fail(run, error, outcomeOfLoading(error));
    // Node caches the failed import, so the thread cannot try again.
    return exit(0);
  }
  if (typeof handler !== 'function') {
    const message = `${task.path} does not export a function as its default`;
    run.end({ kind: 'failed', message, permanent: true });
    return;
  }
  if (signal.aborted) return run.end(stopped);
  try {
    const returned = await handler({
      ...task.values,
      signal,
      log: (...values: unknown[]) => run.log.write(`${format(...values)}\n`),
      progress: (text: unknown) => {
        run.log.progress = String(text);
      },
    });
    // A handler that returns because of its signal has not completed.
    run.end(signal.aborted ? stopped : outcomeOfReturned(returned));
  } catch (error) {
    fail(run, error);
  }
}

/** The default export of an ES module, or `module.exports` or `exports.default` of CommonJS. */
async function importDefault(path: string): Promise<unknown> {
  const exported = (await import(pathToFileURL(path).href)).default;
  return typeof exported === 'function' ? exported : exported?.default;
}

function fail(run: Run, error: unknown, outcome = outcomeOfThrown(error)): void {
  if (outcome.kind === 'failed') run.log.write(`${stackOf(error)}\n`);
  run.end(outcome);
}

function stackOf(error: unknown): string {
  try {
    return inspect(error, { depth: 4, maxStringLength: 8000 });
  } catch {
    return describe(error);
  }
}

/** An uncaught error ends its own attempt and the thread; after that attempt it is only logged. */
function onUncaughtError(error: unknown): void {
  const run = owner.getStore() ?? current;
  if (run !== null && run === current && !run.ended) {
    fail(run, error);
    exit(0);
  }
  const whose = run === null ? 'a handler' : `the handler of ${run.asset}`;
  parentPort?.postMessage(`${whose} failed after its attempt had ended: ${describe(error)}`);
}

function write(chunk: unknown, encoding?: unknown, done?: unknown): boolean {
  const run = owner.getStore() ?? current;
  run?.log.write(chunk as string | Uint8Array);
  const callback = typeof encoding === 'function' ? encoding : done;
  if (typeof callback === 'function') process.nextTick(callback as () => void);
  return true;
}

process.on('uncaughtException', onUncaughtError);
process.on('unhandledRejection', onUncaughtError);
// The executor's own streams are not for handlers: their output goes to the attempt's log.
process.stdout.write = write;
process.stderr.write = write;
process.exit = ((code?: number | string | null) => {
  const run = owner.getStore() ?? current;
  if (run !== null && run !== current) throw new Error(`process.exit(${code ?? ''}) after the end`);
  run?.end({ kind: 'failed', message: `called process.exit(${code ?? ''})` });
  return exit(code);
}) as typeof process.exit;
