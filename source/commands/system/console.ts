import { onHost } from '../../app/command.ts';
import { onTenant } from '../../cli/spec.ts';
import { list } from '../jobs/list.ts';
import { isWatched, readConsole } from './console-flags.ts';

export const consoleCommand = onHost({
  spec: {
    name: 'console',
    usage: '',
    summary: 'the console; without a terminal the same as list',
    flags: [],
    examples: [
      ['', 'the console'],
      ['--json', 'the job table, once, as JSON'],
    ],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: list.json,
  read: (input, flags, problems) => ({
    console: readConsole(flags, problems),
    list: list.read(input, flags, problems),
  }),
  async run(request, host) {
    if (!isWatched(host)) {
      if (host.io.interactive && !host.json) {
        host.io.stderr.write(
          'the console needs a terminal that TERM does not call dumb: this is the list (--plain follows the jobs in lines)\n',
        );
      }
      return list.run(request.list, host);
    }
    const { openConsole } = await import('./open-console.ts');
    return { exit: await openConsole(request.console, host) };
  },
});
