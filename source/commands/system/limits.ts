import { onSession } from '../../app/command.ts';
import { asciiText } from '../../cli/ascii.ts';
import type { Flags } from '../../cli/flags.ts';
import { onTenant } from '../../cli/spec.ts';
import type { LimitScope } from '../../database/queries/limits.ts';
import type { Problem } from '../../errors.ts';

export const limits = onSession({
  spec: {
    name: 'limits',
    usage: '[set --asset-type T|--asset A|--tenant-wide N|--none]',
    summary: 'how many jobs may run at once, exact over all hosts',
    flags: [
      { name: 'asset-type', value: 'T', help: 'jobs of assets of this type' },
      { name: 'asset', value: 'A', multiple: true, help: 'jobs of this asset' },
      { name: 'tenant-wide', help: 'jobs of the tenant' },
      { name: 'none', help: 'take the limit away' },
    ],
    examples: [
      ['limits', 'what there is, and how many run'],
      ['limits set --asset-type table 2', 'at most two jobs of assets of that type'],
      ['limits set --tenant-wide --none', 'no limit on all of them'],
    ],
    needs: onTenant,
    writes: (_, input) => input.length > 0,
    words: { least: 0, most: 2 },
  },
  json: () => import('./limits-json.ts'),
  read: readLimit,
  async run(limit, { reader, writer, tenant, actor, view }) {
    const { listLimits, setLimit } = await import('../../operations/system/limits.ts');
    const list = await (limit === null
      ? listLimits(reader, tenant)
      : setLimit(writer, { tenant, actor }, limit));
    return {
      json: list,
      text: async () => asciiText(view, (await import('./limits-text.ts')).limitsText(list)),
    };
  },
});

type Limit = { scope: LimitScope; name: string; max_running: number | null };

function readLimit(
  [word, number]: readonly string[],
  flags: Flags,
  problems: Problem[],
): Limit | null {
  const scopes: Omit<Limit, 'max_running'>[] = [
    ...flags.texts('asset-type').map((name) => ({ scope: 'asset_type' as const, name })),
    ...flags.texts('asset').map((name) => ({ scope: 'asset' as const, name })),
    ...(flags.has('tenant-wide') ? [{ scope: 'tenant' as const, name: '' }] : []),
  ];
  const none = flags.has('none');
  const hint = 'servo-tui limits set …';
  if (word === undefined) {
    if (scopes.length > 0 || none) {
      problems.push({ message: 'limits: missing argument set', hint });
    }
    return null;
  }
  if (word !== 'set') problems.push({ message: `limits does not take "${word}"`, hint });
  if (scopes.length !== 1) {
    const message =
      scopes.length === 0 ? 'limits set: missing scope' : 'limits set: one scope only';
    problems.push({ message, hint: 'give --asset-type T, --asset A or --tenant-wide' });
  }
  const max = number !== undefined && /^\d{1,6}$/.test(number) ? Number(number) : null;
  if (none ? number !== undefined : max === null) {
    problems.push({
      message:
        number === undefined
          ? 'limits set: missing argument N'
          : `limits set: invalid number of jobs "${number}"`,
      hint: 'a whole number from 0, or --none',
    });
  }
  return { ...(scopes[0] ?? { scope: 'tenant', name: '' }), max_running: max };
}
