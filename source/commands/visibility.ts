import { isAnythingVisible } from '../database/queries/read-visibility.ts';
import { exitCodes } from '../errors.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { Flags } from './flags.ts';
import type { Io } from './io.ts';
import type { Session } from './session.ts';

/**
 * Whether anything of the tenant is visible: a job, an asset or an executor. A misspelt tenant looks
 * just like one in which all is well, so a report that found nothing asks this, and says it on stderr.
 */
export async function isTenantVisible(
  { reader, tenant }: Session,
  io: Io,
  foundSomething: boolean,
): Promise<boolean> {
  if (foundSomething) return true;
  const visible = await reader.read(tenant, (query) => isAnythingVisible(query, tenant));
  if (!visible) io.stderr.write(`${noVisibilityText(tenant)}\n`);
  return visible;
}

export function noVisibilityText(tenant: string): string {
  return `no visibility: no job, asset or executor found for tenant "${safeText(tenant)}". This is not an all-clear: check the name, and see: servo-tui doctor`;
}

/** The exit code of a report with `--exit-code`; without the flag 0. */
export function reportExit(flags: Flags, report: { visible: boolean; found: boolean }): number {
  if (!flags.has('exit-code')) return 0;
  if (report.found) return exitCodes.findings;
  return report.visible ? 0 : exitCodes.no_visibility;
}
