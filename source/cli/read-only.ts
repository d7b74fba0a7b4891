import type { Settings } from '../config.ts';
import { ServoError } from '../errors.ts';
import type { Flags } from './flags.ts';
import type { Spec } from './spec.ts';

export function isWriting(
  { writes }: Pick<Spec, 'writes'>,
  flags: Flags,
  words: readonly string[],
): boolean {
  return typeof writes === 'function' ? writes(flags, words) : writes;
}

/**
 * Enforces read-only mode. Runs before any connection or file is opened.
 * @throws ServoError not_allowed (exit 4)
 */
export function refuseWriting(
  command: Pick<Spec, 'name' | 'writes'>,
  flags: Flags,
  words: readonly string[],
  { read_only, origins }: Pick<Settings, 'read_only' | 'origins'>,
): void {
  if (!read_only || !isWriting(command, flags, words)) return;
  const action = [command.name, ...(command.writes === true ? [] : words.slice(0, 1))].join(' ');
  throw new ServoError(
    'not_allowed',
    `refusing to run ${action}: read-only mode is on (${origins.read_only})`,
    { hint: 'leave out --read-only, unset SERVO_READ_ONLY, or choose another context' },
  );
}
