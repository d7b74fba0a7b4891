import type { Invocation, Output } from './command.ts';
import { canPaint } from './io.ts';

/** `servo-tui demo`: its own database and tenant, whatever is configured. */
export async function demo(invocation: Invocation): Promise<Output | { exit: number }> {
  const { io, flags, settings } = invocation;
  const [{ runDemo }, { reportText }] = await Promise.all([
    import('../demo/demo.ts'),
    import('../demo/words.ts'),
  ]);
  const watched = canPaint(io) && !flags.has('json');
  const { exit, report } = await runDemo({
    actor: settings.actor,
    say: (line) => io.stderr.write(`${line}\n`),
    openConsole: watched
      ? async (connection, tenant) => {
          const { openConsole } = await import('./console.ts');
          return openConsole(invocation, { read: connection, write: connection }, tenant);
        }
      : null,
  });
  return report === null ? { exit } : { json: report, text: () => reportText(report), exit };
}
