import type { LimitScope } from '../database/queries/limits.ts';
import { type Problem, UsageError } from '../errors.ts';
import { type LimitList, listLimits, setLimit } from '../operations/system/limits.ts';
import { columns } from '../presentation/text/columns.ts';
import { plural } from '../presentation/text/format.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import { asciiText } from './ascii-text.ts';
import type { Invocation, Output } from './command.ts';
import type { Flags } from './flags.ts';
import { withSession } from './session.ts';

/** `servo-tui limits [set --asset-type T|--asset A|--tenant-wide N|--none]`. */
export async function limits({ input, flags, settings }: Invocation): Promise<Output> {
  const wanted = readWanted(input, flags);
  const list = await withSession(settings, (session) =>
    wanted === null
      ? listLimits(session.reader, session.tenant)
      : setLimit(session.writer, { tenant: session.tenant, actor: session.actor }, wanted),
  );
  return { json: list, text: () => asciiText(flags, textOf(list)) };
}

type Wanted = { scope: LimitScope; name: string; max_running: number | null };

function readWanted([word, number, ...more]: readonly string[], flags: Flags): Wanted | null {
  const problems: Problem[] = [];
  const scopes: { scope: LimitScope; name: string }[] = [
    ...flags.texts('asset-type').map((name) => ({ scope: 'asset_type' as const, name })),
    ...flags.texts('asset').map((name) => ({ scope: 'asset' as const, name })),
    ...(flags.has('tenant-wide') ? [{ scope: 'tenant' as const, name: '' }] : []),
  ];
  if (word === undefined) {
    if (scopes.length === 0 && !flags.has('none')) return null;
    throw new UsageError([{ message: 'to change a limit say so', hint: 'servo-tui limits set …' }]);
  }
  if (word !== 'set') {
    problems.push({ message: `limits does not take "${word}"`, hint: 'servo-tui limits set …' });
  }
  for (const extra of more) problems.push({ message: `limits set does not take "${extra}"` });
  if (scopes.length !== 1) {
    problems.push({
      message: scopes.length === 0 ? 'a limit of what?' : 'one limit at a time',
      hint: 'give --asset-type T, --asset A or --tenant-wide',
    });
  }
  const max = number !== undefined && /^\d{1,6}$/.test(number) ? Number(number) : null;
  if (flags.has('none') ? number !== undefined : max === null) {
    problems.push({
      message: number === undefined ? 'how many jobs?' : `"${number}" is no number of jobs`,
      hint: 'a whole number from 0, or --none',
    });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return { ...scopes[0]!, max_running: max };
}

function textOf({ limits: all, tenant_id }: LimitList): string {
  if (all.length === 0) return `tenant ${safeText(tenant_id)} has no limits on running jobs\n`;
  const rows = all.map(({ scope, name, max_running, running }) => [
    scope === 'tenant' ? 'tenant' : scope.replace('_', ' '),
    scope === 'tenant' ? safeText(tenant_id) : safeText(name),
    `at most ${plural(max_running, 'running job')}`,
    `${running} now${running >= max_running ? ' (reached)' : ''}`,
  ]);
  return columns(rows);
}
