import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { attemptFacts, type Outcome } from '../domain/partition/attempt.ts';
import { originOfSpawn, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import type { AssetSettings } from './asset-settings.ts';
import { defaultDelayMs } from './delay.ts';
import { handlerEnvironment } from './environment.ts';
import { forgetGroup, watchGroup } from './guard.ts';
import type { HandlerContext, HandlerResult, RunnableHandler } from './handler.ts';
import { OutputTail } from './output-tail.ts';
import { distrust, untrusted } from './trusted-file.ts';

/** What exit codes mean, after sysexits(3): any other one is a failure that is tried again. */
const exitOutcomes: Readonly<Record<number, (message: string) => Outcome>> = {
  0: () => ({ kind: 'completed' }),
  65: (message) => ({ kind: 'fatal', message }),
  75: (message) => ({ kind: 'snoozed', message, delay_ms: defaultDelayMs }),
};

/**
 * A handler that is a program: a child process in a group of its own, told what to do by SERVO_* variables. It is
 * stopped by SIGTERM and, `grace_ms` later, by SIGKILL; told to stop, it is not done, whatever its exit code. Where it cannot be
 * started, the error code says whose fault that is: a file that is gone and a host without descriptors are not the partition's.
 */
export function executableHandler(
  asset: string,
  path: string,
  settings: AssetSettings,
): RunnableHandler {
  const run = async (context: HandlerContext): Promise<HandlerResult> => {
    const refusal = await distrust(path);
    if (refusal !== null) return { outcome: untrusted(refusal) };
    try {
      return await runExecutable(path, settings.pass, context);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const message = `cannot run ${path}: ${messageOf(error)}`;
      return { outcome: outcomeByOrigin(originOfSpawn(code), message) };
    }
  };
  const there = async () => {
    const mayRun = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    return mayRun && (await distrust(path)) === null;
  };
  return { asset, kind: 'executable', settings, run, there };
}

/** Rejects where the program does not even start. */
async function runExecutable(
  path: string,
  pass: readonly string[],
  context: HandlerContext,
): Promise<HandlerResult> {
  const output = new OutputTail();
  const child: ChildProcess = spawn(path, [], {
    env: environment(context, pass),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it started can be stopped with it, and Ctrl-C in our terminal is not its.
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) {
    watchGroup(pid);
    child.once('exit', () => forgetGroup(pid));
  }
  // Without a descriptor left there are none.
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  let stopped = false;
  const stop = () => {
    // It has ended by itself, and only its output is still being read.
    if (child.exitCode !== null || child.signalCode !== null) return signalGroup(child, 'SIGKILL');
    stopped = true;
    stopGroup(child, context.grace_ms);
  };
  if (context.signal.aborted) stop();
  else context.signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, signal] = await ended(child);
    const said = output.lastLine();
    const message = said || (signal === null ? `exit code ${code}` : `ended by ${signal}`);
    const outcome = stopped ? undefined : exitOutcomes[code ?? -1]?.(message);
    return { outcome: outcome ?? { kind: 'failed', message }, output: output.toString() };
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

function environment({ attempt }: HandlerContext, pass: readonly string[]): NodeJS.ProcessEnv {
  const facts = Object.entries(attemptFacts(attempt)).map(([name, value]) => [
    `SERVO_${name.toUpperCase()}`,
    String(value ?? ''),
  ]);
  return { ...handlerEnvironment(pass), ...Object.fromEntries(facts) };
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

function stopGroup(child: ChildProcess, grace: number): void {
  signalGroup(child, 'SIGTERM');
  const kill = setTimeout(() => signalGroup(child, 'SIGKILL'), grace);
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
