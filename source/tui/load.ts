import type { RunConsoleOptions } from './app/options.ts';
import { ConsoleLoop } from './app/run-console.ts';

/**
 * Loads Ink, which takes as long as everything before it: called early, it is ready with the first
 * answer.
 */
export function loadPicture(): Promise<typeof import('./app/program.tsx')> {
  // With one of these Ink draws nothing live; it looks once, when it is loaded.
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
  return import('./app/program.tsx');
}

/**
 * Runs the console until the operator or a signal ends it, and restores the terminal.
 * @returns the exit code: 0, 130 (Ctrl-C, SIGINT), 143 (SIGTERM), 129 (SIGHUP, lost terminal)
 * @throws what crashed it, after the terminal has been restored
 */
export function runConsole(options: RunConsoleOptions): Promise<number> {
  return new ConsoleLoop(options, loadPicture).run();
}
