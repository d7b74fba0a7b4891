import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';

export const executors = onSession({
  spec: {
    name: 'executors',
    usage: '',
    summary: 'who runs what: alive, draining, on hold, silent, lost or stopped',
    flags: [],
    examples: [['executors', 'those that have gone in the last hour too']],
    needs: onTenant,
    writes: false,
    words: { least: 0, most: 0 },
  },
  json: () => import('./executors-json.ts'),
  read: () => null,
  async run(_, session) {
    const [{ listExecutors }, { isTenantVisible }] = await Promise.all([
      import('../../operations/triage/list-executors.ts'),
      import('../../app/visibility.ts'),
    ]);
    const seen = await listExecutors(session.reader, session.tenant);
    const list = { ...seen, visible: await isTenantVisible(session, seen.executors.length > 0) };
    return {
      json: list,
      text: async () => {
        const { executorsText } = await import('./executors-text.ts');
        return asciiText(session.view, executorsText(list));
      },
    };
  },
});
