import type { LimitList } from '../../operations/system/limits.ts';
import { tableText } from '../../presentation/text/fitted-table.ts';
import { plural } from '../../presentation/text/format.ts';
import { safeText } from '../../presentation/text/safe-text.ts';

export function limitsText({ limits: all, tenant_id }: LimitList): string {
  if (all.length === 0) return `tenant ${safeText(tenant_id)} has no limits on running jobs\n`;
  const rows = all.map(({ scope, name, max_running, running }) => [
    scope === 'tenant' ? 'tenant' : scope.replace('_', ' '),
    scope === 'tenant' ? safeText(tenant_id) : safeText(name),
    `at most ${plural(max_running, 'running job')}`,
    `${running} now${running >= max_running ? ' (reached)' : ''}`,
  ]);
  return tableText(rows);
}
