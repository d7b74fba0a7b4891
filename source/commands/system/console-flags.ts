import type { Host } from '../../app/command.ts';
import { type Flags, invalid } from '../../cli/flags.ts';
import { intervalOf } from '../../cli/interval.ts';
import { canPaint } from '../../cli/io.ts';
import type { Problem } from '../../errors.ts';

export type ConsoleRequest = {
  interval_ms: number;
  color: boolean;
  light: boolean | undefined;
};

export function readConsole(flags: Flags, problems: Problem[]): ConsoleRequest {
  const background = flags.text('background');
  if (background !== undefined && !['dark', 'light'].includes(background)) {
    problems.push(invalid('background', background, 'dark or light'));
  }
  return {
    interval_ms: intervalOf(flags.text('interval')),
    color: !flags.has('no-color'),
    light: background === undefined ? undefined : background === 'light',
  };
}

/** Whether a person watches: at a terminal that can be painted, or for which lines are enough. */
export function isWatched({ io, json, plain }: Pick<Host, 'io' | 'json' | 'plain'>): boolean {
  return !json && (canPaint(io) || (plain && io.interactive));
}
