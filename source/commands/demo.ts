import type { Invocation, Output } from './command.ts';
import { isWatched } from './console.ts';

/** `servo-tui demo`: its own database and tenant, whatever is configured. */
export async function demo(invocation: Invocation): Promise<Output | { exit: number }> {
  const { io, settings } = invocation;
  const [{ runDemo }, { reportText }] = await Promise.all([
    import('../demo/demo.ts'),
    import('../demo/report-text.ts'),
  ]);
  const { exit, report } = await runDemo({
    actor: settings.actor,
    say: (line) => io.stderr.write(`${line}\n`),
    openConsole: isWatched(invocation)
      ? async (connection, tenant) => {
          const { openConsole } = await import('./console.ts');
          return openConsole(invocation, { read: connection, write: connection }, tenant);
        }
      : null,
  });
  return report === null ? { exit } : { json: report, text: () => reportText(report), exit };
}
