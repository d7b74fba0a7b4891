import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { attemptFacts, type Outcome } from '../domain/partition/attempt.ts';
import { originOfSpawn, outcomeByOrigin } from '../domain/partition/error-origin.ts';
import { messageOf } from '../errors.ts';
import type { AssetSettings } from './asset-settings.ts';
import { defaultDelayMs } from './delay.ts';
import { handlerEnvironment } from './environment.ts';
import { unwatchGroup, watchGroup } from './guard.ts';
import type { HandlerContext, HandlerResult, RunnableHandler } from './handler.ts';
import { OutputTail } from './output-tail.ts';
import { recheckTrust, untrustedOutcome } from './trusted-file.ts';

/** Exit codes after sysexits(3); any other code is a failure that is retried. */
const exitOutcomes: Readonly<Record<number, (message: string) => Outcome>> = {
  0: () => ({ kind: 'completed' }),
  65: (message) => ({ kind: 'fatal', message }),
  75: (message) => ({ kind: 'snoozed', message, delay_ms: defaultDelayMs }),
};

/**
 * A program as handler: a child process in its own process group, with the attempt's facts in
 * SERVO_* variables. It is stopped with SIGTERM and, `grace_ms` later, SIGKILL; a stopped program
 * has failed, whatever its exit code. If it cannot start, the error code decides whether that
 * counts against the partition (error-origin.ts).
 */
export function executableHandler(
  asset: string,
  path: string,
  settings: AssetSettings,
): RunnableHandler {
  const run = async (context: HandlerContext): Promise<HandlerResult> => {
    const refusal = await recheckTrust(path);
    if (refusal !== null) return { outcome: untrustedOutcome(refusal) };
    try {
      return await runExecutable(path, settings.pass, context);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const message = `cannot run ${path}: ${messageOf(error)}`;
      return { outcome: outcomeByOrigin(originOfSpawn(code), message) };
    }
  };
  const isAvailable = async () => {
    const mayRun = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    return mayRun && (await recheckTrust(path)) === null;
  };
  return { asset, kind: 'executable', settings, run, isAvailable };
}

/** Rejects if the program cannot be started. */
async function runExecutable(
  path: string,
  pass: readonly string[],
  context: HandlerContext,
): Promise<HandlerResult> {
  const output = new OutputTail();
  const child: ChildProcess = spawn(path, [], {
    env: environment(context, pass),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: child processes can be stopped with it, and Ctrl-C does not reach it.
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) {
    watchGroup(pid);
    child.once('exit', () => unwatchGroup(pid));
  }
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  let stopped = false;
  const stop = () => {
    // It has ended already; only its output is still being read.
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

/** Resolves when its output has been read, at most one second after the process has exited. */
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
    // Ends the processes that the program left behind.
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
