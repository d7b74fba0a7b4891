import { onHost } from '../../app/command.ts';
import { isWatched, readConsole } from './console-flags.ts';

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
    const { exit, report } = await runDemo({
      actor: host.settings.actor,
      say: (line) => host.io.stderr.write(`${line}\n`),
      openConsole: isWatched(host)
        ? async (connection, tenant) => {
            const { openConsole } = await import('./open-console.ts');
            const settings = { ...host.settings, database: null, tenants: [tenant] };
            const connections = { read: connection, write: connection };
            return openConsole(request, { ...host, settings }, connections);
          }
        : null,
    });
    return report === null ? { exit } : { json: report, text: () => reportText(report), exit };
  },
});
