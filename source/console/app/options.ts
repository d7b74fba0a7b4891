import type { ReadStream, WriteStream } from 'node:tty';
import type { Hue } from '../../presentation/text/hue.ts';
import type { Labels, RunEffect } from '../model/effects.ts';
import type { ConsoleOptions } from '../model/state.ts';

export type RunConsoleOptions = {
  perform: RunEffect;
  labels: Labels;
  read_only: boolean;
  /** Why a read-only context cannot be unlocked; null if it can. */
  locked_reason?: string | null;
  keys?: Readonly<Record<string, string>>;
  contexts?: readonly string[];
  leads?: ConsoleOptions['leads'];
  tenants?: readonly string[];
  stdin: ReadStream;
  stdout: WriteStream;
  /** Milliseconds between two readings. Default 1000. */
  interval_ms?: number;
  utc?: boolean;
  ascii?: boolean;
  /** Default: unless NO_COLOR is set and not empty. */
  color?: boolean;
  /** Default cyan. */
  accent?: Hue | null;
  /** Whether the background is light. Default: the terminal's answer; dark without one. */
  light?: boolean;
};
