import { confirm } from '../cli/io.ts';
import { ServoError, UsageError } from '../errors.ts';
import type { Host } from './command.ts';

/**
 * Returns if the action is confirmed, by --yes or at the terminal.
 * @param action for the question: `pause 3 jobs`
 * @throws UsageError if no prompt is possible; ServoError interrupted for any answer but yes
 */
export async function requireYes(
  { yes, json, io }: Host,
  action: string,
  more: { question?: string | (() => Promise<string>); hint?: string; mayAsk?: boolean } = {},
): Promise<void> {
  if (yes) return;
  const { question = `${action}?`, hint = '--yes', mayAsk = true } = more;
  if (!io.interactive || json || !mayAsk) {
    const message = `refusing to ${action} without confirmation (--yes)`;
    throw new UsageError([{ message, hint }]);
  }
  const asked = typeof question === 'string' ? question : await question();
  if (await confirm(io, asked)) return;
  throw new ServoError('interrupted', 'not confirmed: nothing has been changed');
}
