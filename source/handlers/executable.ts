import { type ChildProcess, spawn } from 'node:child_process';
import { idempotencyKey, type Outcome } from '../domain/attempt.ts';
import { messageOf } from '../errors.ts';
import type { Handler, HandlerContext, HandlerResult } from './handler.ts';
import { OutputTail } from './output-tail.ts';

/** Between SIGTERM and SIGKILL, for a handler that is stopped. */
const killGraceMs = 5_000;

/** What exit codes mean, after sysexits(3): any other one is a failure that is tried again. */
const exitOutcomes: Readonly<Record<number, (message: string) => Outcome>> = {
  0: () => ({ kind: 'completed' }),
  65: (message) => ({ kind: 'fatal', message }),
  75: (message) => ({ kind: 'later', message, delay_ms: 30_000 }),
};

/** A handler that is a program: a child process in a group of its own, told what to do by SERVO_* variables. */
export function executableHandler(asset: string, path: string): Handler {
  return { asset, kind: 'executable', run: (context) => runExecutable(path, context) };
}

async function runExecutable(path: string, context: HandlerContext): Promise<HandlerResult> {
  const output = new OutputTail();
  const child = spawn(path, [], {
    env: environment(context),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it started can be stopped with it, and Ctrl-C in our terminal is not its.
    detached: true,
  });
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const stop = () => stopGroup(child);
  if (context.signal.aborted) stop();
  else context.signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, signal] = await ended(child);
    const said = output.lastLine();
    const message = said || (signal === null ? `exit code ${code}` : `ended by ${signal}`);
    const outcome = exitOutcomes[code ?? -1]?.(message) ?? { kind: 'failed', message };
    return { outcome, output: output.toString() };
  } catch (error) {
    return { outcome: { kind: 'failed', message: `cannot run ${path}: ${messageOf(error)}` } };
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

/** The worker's own environment without the ways into its database. */
function environment({ attempt }: HandlerContext): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => name !== 'DATABASE_URL' && !/^PG[A-Z]+$/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    SERVO_PARTITION_KEY: attempt.partition_key,
    SERVO_ASSET: attempt.asset_name,
    SERVO_JOB_ID: attempt.job_id,
    SERVO_ATTEMPT: String(attempt.attempt),
    SERVO_IDEMPOTENCY_KEY: idempotencyKey(attempt),
    SERVO_TENANT_ID: attempt.tenant_id,
  };
}

/** Resolves when the process has exited and its output has been read, or a second after if others keep it open. */
function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const late = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, 1_000);
      child.once('close', () => {
        clearTimeout(late);
        resolve([code, signal]);
      });
    });
  });
}

function stopGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  const kill = setTimeout(() => signalGroup(child, 'SIGKILL'), killGraceMs);
  child.once('exit', () => {
    clearTimeout(kill);
    // What the program started and left behind goes with it.
    signalGroup(child, 'SIGKILL');
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone.
  }
}
