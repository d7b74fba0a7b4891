import { type Host, onHost } from '../../app/command.ts';
import { hasUnicode } from '../../cli/io.ts';
import { type ConsoleRequest, isWatched, readConsole } from './console-flags.ts';

/** Its own database and tenant, whatever is configured. */
export const demo = onHost({
  spec: {
    name: 'demo',
    usage: '',
    summary: 'real data, an executor and the console, in a database of its own',
    flags: [],
    examples: [['demo', 'watch a backfill of 7,670 days run']],
    needs: { database: false, tenants: 'none' },
    writes: true,
    words: { least: 0, most: 0 },
  },
  json: () => import('./demo-json.ts'),
  read: (_, flags, problems) => readConsole(flags, problems),
  async run(request, host) {
    const [{ runDemo }, { reportText }] = await Promise.all([
      import('../../demo/demo.ts'),
      import('../../demo/report-text.ts'),
    ]);
    const start = hasBar(host) ? await openBar(host, request) : null;
    const { exit, report } = await runDemo({
      actor: host.settings.actor,
      say: (line) => {
        if (start?.say(line) !== true) host.io.stderr.write(`${line}\n`);
      },
      advance: (done, all) => start?.advance(done, all),
      openConsole: isWatched(host)
        ? async (connection, tenant) => {
            start?.close();
            const { openConsole } = await import('./open-console.ts');
            const settings = { ...host.settings, database: null, tenants: [tenant] };
            const connections = { read: connection, write: connection };
            return openConsole(request, { ...host, settings }, connections);
          }
        : null,
    }).finally(() => start?.close());
    return report === null ? { exit } : { json: report, text: () => reportText(report), exit };
  },
});

function hasBar(host: Host): boolean {
  const { env, stderr } = host.io;
  const isTerminal = (stderr as NodeJS.WriteStream).isTTY === true;
  return isWatched(host) && !host.plain && isTerminal && !env.CI && !env.CONTINUOUS_INTEGRATION;
}

async function openBar({ io, view }: Host, { color }: ConsoleRequest) {
  const { openStartBar } = await import('../../console/app/start-bar.tsx');
  return openStartBar({
    output: io.stderr as NodeJS.WriteStream,
    ascii: view.ascii || !hasUnicode(io),
    color: color && !io.env.NO_COLOR,
  });
}
