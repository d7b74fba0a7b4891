import type { Invocation, Output } from './command.ts';
import { list } from './list.ts';

/** `servo-tui`: the console; without a terminal, and with --json, the job table once. */
export async function runConsole(invocation: Invocation): Promise<Output | { exit: number }> {
  return list(invocation);
}

export async function openConsole(_invocation: Invocation, _where: unknown): Promise<number> {
  return 0;
}
