import { onHost, type View } from '../../app/command.ts';
import type { Session } from '../../app/session.ts';
import { asciiText } from '../../cli/ascii.ts';
import { onTenant } from '../../cli/spec.ts';
import type { AssetDeclaration } from '../../domain/start/asset.ts';
import { nearest } from '../../domain/text/nearest.ts';

export const assets = onHost({
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
  async run({ sync, handlers }, host) {
    // Before the database: a handler that is not to be trusted is refused wherever that is.
    const declarations = sync ? await declarationsIn(handlers) : null;
    const { withSession } = await import('../../app/session.ts');
    return withSession(host.settings, async (session) =>
      declarations === null
        ? await listed(session, host.view)
        : await registered(declarations, session, host.view),
    );
  },
});

async function declarationsIn(handlers: string): Promise<AssetDeclaration[]> {
  const [{ loadCatalogue }, { declarationsOf }] = await Promise.all([
    import('../../handlers/catalogue.ts'),
    import('../../handlers/lineage.ts'),
  ]);
  return declarationsOf(await loadCatalogue(handlers));
}

async function listed({ reader, tenant }: Session, view: View) {
  const { listAssets } = await import('../../operations/start/assets.ts');
  const list = await listAssets(reader, tenant);
  return {
    json: list,
    text: async () => asciiText(view, (await import('./assets-text.ts')).assetsText(list)),
  };
}

async function registered(
  declarations: AssetDeclaration[],
  { writer, tenant, actor }: Session,
  view: View,
) {
  const { syncAssets } = await import('../../operations/start/assets.ts');
  const synced = await syncAssets(writer, { tenant, actor }, declarations);
  return {
    json: synced,
    text: async () => asciiText(view, (await import('./assets-text.ts')).syncText(synced)),
  };
}
