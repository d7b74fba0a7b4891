import type { HostSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import type { Database } from '../../database/database.ts';
import { readClock } from '../../database/queries/read-clock.ts';
import { readJobs } from '../../database/queries/read-job.ts';
import type { AskedChange } from '../../domain/forecast/effects.ts';
import { actionRules, type JobAction } from '../../domain/job/action.ts';
import { shortId } from '../../domain/job/reference.ts';
import { exitCodes, ServoError } from '../../errors.ts';
import { type Outcome, refused } from '../../operations/act/order.ts';
import { readEffects } from '../../operations/forecast/read-effects.ts';
import { effectText } from '../../presentation/job/effect-text.ts';
import { outcomeLine } from '../../presentation/job/outcome-line.ts';
import { plural } from '../../presentation/text/format.ts';

/**
 * `--dry-run`: which of several jobs would refuse the action, and what it would change.
 * @throws ServoError not_allowed if it is one job, which refuses
 */
export async function foresee(
  action: JobAction,
  ids: readonly string[],
  { reader, tenant, view }: Pick<HostSession, 'reader' | 'tenant' | 'view'>,
) {
  const { as_of, results } = await reader.read(tenant, async (query) => {
    const jobs = await readJobs(query, tenant, ids);
    const skipped: Outcome[] = jobs.flatMap((job) => {
      const why = actionRules[action].refusal(job);
      return why === null
        ? []
        : [refused(action, job, why, `see: servo-tui status ${shortId(job.id)}`)];
    });
    return { as_of: await readClock(query), results: skipped };
  });
  const [only] = results;
  if (only !== undefined && ids.length === 1)
    throw new ServoError('not_allowed', only.message, { hint: only.hint ?? undefined });
  const forecast = await readEffects(
    reader,
    tenant,
    ids.map((id) => ({ id, action })),
  );
  const count = ids.length - results.length;
  const head = `would ${action} ${plural(count, 'job')}; nothing has been written\n`;
  const text = `${head}${effectText(forecast)}${results.map(outcomeLine).join('')}`;
  return {
    json: { as_of, tenant_id: tenant, dry_run: true, results, forecast },
    text: () => asciiText(view, text),
    exit: results.length === 0 ? 0 : exitCodes.partial,
  };
}

/** What the actions would change, before a question; empty if the forecast cannot be read. */
export async function foreseenText(
  db: Database,
  tenant: string,
  asked: readonly AskedChange[],
): Promise<string> {
  const effects = await readEffects(db, tenant, asked).catch(() => null);
  return effects === null ? '' : effectText(effects);
}
