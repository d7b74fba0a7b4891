import type { Settings } from '../config.ts';
import { ServoError } from '../errors.ts';
import type { Flags } from './flags.ts';
import type { Spec } from './spec.ts';

export function isWriting(
  { writes }: Pick<Spec, 'writes'>,
  flags: Flags,
  input: readonly string[],
): boolean {
  return typeof writes === 'function' ? writes(flags, input) : writes;
}

/**
 * The one gate of read-only mode, before anything is opened.
 * @throws ServoError not_allowed (exit 4)
 */
export function refuseWriting(
  command: Pick<Spec, 'name' | 'writes'>,
  flags: Flags,
  input: readonly string[],
  { read_only, origins }: Pick<Settings, 'read_only' | 'origins'>,
): void {
  if (!read_only || !isWriting(command, flags, input)) return;
  const called = [command.name, ...(command.writes === true ? [] : input.slice(0, 1))].join(' ');
  throw new ServoError(
    'not_allowed',
    `refusing to run ${called}: read-only mode is on (${origins.read_only})`,
    { hint: 'leave out --read-only, unset SERVO_READ_ONLY, or choose another context' },
  );
}
