import type { ConnectionSettings } from '../database/settings.ts';
import type { DemoReport } from './progress.ts';

export type DemoOptions = {
  actor: string;
  say(line: string): void;
  /** So many of the `all` steps of the start are done. */
  advance(done: number, all: number): void;
  /**
   * At a terminal: shows the console until the user quits, and returns its exit code. Null: run to
   * the end and report.
   */
  openConsole: ((settings: ConnectionSettings, tenant: string) => Promise<number>) | null;
};

/** The report is null if the console was shown or a signal ended the run. */
export type DemoResult = { exit: number; report: DemoReport | null };
