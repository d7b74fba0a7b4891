import type { LimitList } from '../../operations/limits.ts';
import { columns } from '../../presentation/columns.ts';
import { plural } from '../../presentation/format.ts';
import { safeText } from '../../presentation/safe-text.ts';

export function limitsText({ limits: all, tenant_id }: LimitList): string {
  if (all.length === 0) return `tenant ${safeText(tenant_id)} has no limits on running jobs\n`;
  const rows = all.map(({ scope, name, max_running, running }) => [
    scope === 'tenant' ? 'tenant' : scope.replace('_', ' '),
    scope === 'tenant' ? safeText(tenant_id) : safeText(name),
    `at most ${plural(max_running, 'running job')}`,
    `${running} now${running >= max_running ? ' (reached)' : ''}`,
  ]);
  return columns(rows);
}
