import type { ReadStream, WriteStream } from 'node:tty';
import type { RunEffect } from '../console/effects.ts';
import type { Labels } from '../console/labels.ts';
import type { Hue } from '../presentation/text/hue.ts';

export type RunConsoleOptions = {
  /** Carries out what the console asks of the database. A rejection is shown, not thrown on. */
  perform: RunEffect;
  labels: Labels;
  read_only: boolean;
  /** Why a read-only place cannot be unlocked; null where it can. */
  locked_reason?: string | null;
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
