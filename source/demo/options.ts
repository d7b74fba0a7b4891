import type { ConnectionSettings } from '../database/settings.ts';
import type { DemoReport } from './progress.ts';

export type DemoOptions = {
  /** Who the journal says started the jobs. */
  actor: string;
  /** A line for a person: what is being done, how far it is. */
  say(line: string): void;
  /**
   * Where a person sits at a terminal: shows the console on this database and tenant until it is left, and returns its
   * exit code. Null: run to the end, and report.
   */
  openConsole: ((settings: ConnectionSettings, tenant: string) => Promise<number>) | null;
};

/** The report is null where a person watched instead. */
export type DemoResult = { exit: number; report: DemoReport | null };
