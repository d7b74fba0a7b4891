import { type HostSession, onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import { nearest } from '../../domain/text/nearest.ts';

export const assets = onSession({
  spec: {
    name: 'assets',
    usage: '[sync --handlers DIR]',
    summary: 'what can be backfilled; sync registers those of a handler directory',
    flags: [{ name: 'handlers', value: 'DIR', help: 'the handlers (default ./handlers)' }],
    examples: [
      ['assets', 'with their defaults, upstreams, and how many executors have a handler'],
      ['assets sync --handlers ./handlers', 'without starting an executor'],
    ],
    needs: onTenant,
    writes: (_, input) => input.length > 0,
    words: { least: 0, most: 1 },
  },
  json: () => import('./assets-json.ts'),
  read([word], flags, problems) {
    const handlers = flags.text('handlers');
    if (word === undefined && handlers !== undefined) {
      problems.push({
        message: '--handlers goes with assets sync only',
        hint: 'servo-tui assets sync',
      });
    }
    if (word !== undefined && word !== 'sync') {
      const near = nearest(word, ['sync']);
      const hint = near === null ? 'servo-tui assets sync --handlers DIR' : 'did you mean sync?';
      problems.push({ message: `assets does not take "${word}"`, hint });
    }
    return { sync: word === 'sync', handlers: handlers ?? 'handlers' };
  },
  async run({ sync, handlers }, session) {
    if (sync) return register(handlers, session);
    const { listAssets } = await import('../../operations/start/assets.ts');
    const list = await listAssets(session.reader, session.tenant);
    return {
      json: list,
      text: async () =>
        asciiText(session.view, (await import('./assets-text.ts')).assetsText(list)),
    };
  },
});

async function register(handlers: string, { writer, tenant, actor, view }: HostSession) {
  const [{ loadCatalogue }, { declarationsOf }, { syncAssets }] = await Promise.all([
    import('../../handlers/catalogue.ts'),
    import('../../handlers/lineage.ts'),
    import('../../operations/start/assets.ts'),
  ]);
  const declarations = declarationsOf(await loadCatalogue(handlers));
  const synced = await syncAssets(writer, { tenant, actor }, declarations);
  return {
    json: synced,
    text: async () => asciiText(view, (await import('./assets-text.ts')).syncText(synced)),
  };
}
