import { nearest } from '../domain/text/nearest.ts';
import { writeDuration } from '../domain/time/duration.ts';
import { type Problem, UsageError } from '../errors.ts';
import { type AssetList, listAssets, type Synced, syncAssets } from '../operations/start/assets.ts';
import { columns } from '../presentation/text/columns.ts';
import { plural } from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import { withSession } from './session.ts';

/** `servo-tui assets [sync --handlers DIR]`. */
export async function assets(invocation: Invocation): Promise<Output> {
  const { input, flags, settings } = invocation;
  const problems = problemsOf(input, flags.has('handlers'));
  if (problems.length > 0) throw new UsageError(problems);
  if (input[0] === 'sync') return sync(invocation);
  const list = await withSession(settings, (session) => listAssets(session.reader, session.tenant));
  return { json: list, text: () => asciiText(flags, listText(list)) };
}

function problemsOf([word]: readonly string[], handlers: boolean): Problem[] {
  if (word === 'sync' || (word === undefined && !handlers)) return [];
  if (word === undefined) {
    return [{ message: '--handlers goes with assets sync only', hint: 'servo-tui assets sync' }];
  }
  const near = nearest(word, ['sync']);
  const hint = near === null ? 'servo-tui assets sync --handlers DIR' : 'did you mean sync?';
  return [{ message: `assets does not take "${word}"`, hint }];
}

async function sync({ flags, settings }: Invocation): Promise<Output> {
  const [{ loadCatalogue }, { declarationsOf }] = await Promise.all([
    import('../handlers/catalogue.ts'),
    import('../handlers/lineage.ts'),
  ]);
  const catalogue = await loadCatalogue(flags.text('handlers') ?? 'handlers');
  const synced = await withSession(settings, (session) =>
    syncAssets(
      session.writer,
      { tenant: session.tenant, actor: session.actor },
      declarationsOf(catalogue),
    ),
  );
  return { json: synced, text: () => asciiText(flags, syncText(synced)) };
}

function syncText({ assets: all, added, differing }: Synced): string {
  const lines = [
    `${plural(all.length, 'asset')} known, ${added.length} of them new${added.length === 0 ? '' : `: ${added.map((name) => safeText(name)).join(', ')}`}`,
    ...differing.map(
      ({ name, every }) =>
        `${safeText(name)} is by ${safeText(every)} in the database, which differs from its handler: left as it is`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function listText({ assets: all, tenant_id }: AssetList): string {
  if (all.length === 0) {
    return `tenant ${safeText(tenant_id)} has no assets — register those of your handlers with: servo-tui assets sync --handlers DIR\n`;
  }
  const header = ['ASSET', 'TYPE', 'EVERY', 'EXECUTORS', 'JOBS', 'DEFAULTS', 'UPSTREAMS'];
  return columns([
    header,
    ...all.map((asset) => [
      safeText(asset.name),
      safeText(asset.asset_type),
      asset.granularity ?? '–',
      String(asset.executors),
      String(asset.unfinished_jobs),
      defaultsOf(asset.defaults),
      asset.upstreams.map((name) => safeText(name)).join(', ') || '–',
    ]),
  ]);
}

function defaultsOf(defaults: AssetList['assets'][number]['defaults']): string {
  const { max_parallel, max_attempts, timeout_ms } = defaults;
  const said = [
    ...(max_parallel === undefined ? [] : [`parallel ${max_parallel}`]),
    ...(max_attempts === undefined ? [] : [`max-attempts ${max_attempts}`]),
    ...(timeout_ms === undefined ? [] : [`timeout ${writeDuration(timeout_ms)}`]),
  ];
  return said.join(', ') || '–';
}
