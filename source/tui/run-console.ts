import type { ReadStream, WriteStream } from 'node:tty';
import type { Perform } from '../console/effects.ts';
import type { Labels } from '../console/labels.ts';
import type { Hue } from '../presentation/text/hue.ts';
import { ConsoleLoop } from './console-loop.ts';

export type RunConsoleOptions = {
  /** Carries out what the console asks of the database. A rejection is shown, not thrown on. */
  perform: Perform;
  labels: Labels;
  read_only: boolean;
  /** Why a read-only place cannot be unlocked; null where it can. */
  why_locked?: string | null;
  /** Other keys for rows of the keymap, by their names; without conflicts. */
  keys?: Readonly<Record<string, string>>;
  /** The contexts of the configuration file, and the tenants that it names. */
  contexts?: readonly string[];
  tenants?: readonly string[];
  /** Both must be terminals. */
  stdin: ReadStream;
  stdout: WriteStream;
  /** Milliseconds between two looks at the database. Default 1000. */
  interval_ms?: number;
  /** Times of day in UTC rather than in the local zone. */
  utc?: boolean;
  /** Only ASCII on the screen. */
  ascii?: boolean;
  /** Default: unless NO_COLOR is set to something. */
  color?: boolean;
  /** Default cyan. */
  accent?: Hue | null;
  /** Whether the terminal's background is a light one. Default: as the terminal says, which is asked; dark where it says nothing. */
  light?: boolean;
};

/** Loads Ink, which takes as long as everything before it. Called early, it is there when the first answer is. */
export function loadPicture(): Promise<typeof import('./picture.tsx')> {
  // With one of these in the environment Ink draws nothing live; it looks once, when it is loaded.
  delete process.env.CI;
  delete process.env.CONTINUOUS_INTEGRATION;
  return import('./picture.tsx');
}

/**
 * Runs the console until the operator or a signal ends it, and restores the terminal.
 * @returns the exit code: 0, 130 (Ctrl-C, SIGINT), 143 (SIGTERM), 129 (SIGHUP, lost terminal)
 * @throws what crashed it, after the terminal has been restored
 */
export function runConsole(options: RunConsoleOptions): Promise<number> {
  return new ConsoleLoop(options, loadPicture).run();
}
