import { isAnythingVisible } from '../database/queries/read-visibility.ts';
import { exitCodes } from '../errors.ts';
import { safeText } from '../presentation/text/safe-text.ts';
import type { HostSession } from './command.ts';

export async function isTenantVisible(
  { reader, tenant, io }: HostSession,
  foundSomething: boolean,
): Promise<boolean> {
  if (foundSomething) return true;
  const visible = await reader.read(tenant, (query) => isAnythingVisible(query, tenant));
  if (!visible) io.stderr.write(`${noVisibilityText(tenant)}\n`);
  return visible;
}

export function noVisibilityText(tenant: string): string {
  const name = `"${safeText(tenant)}"`;
  return `no visibility: no job, asset or executor found for tenant ${name}. This is not an all-clear: check the name, or run: servo-tui doctor`;
}

/** The exit code of a report: 0 unless `--exit-code` was given. */
export function reportExit(
  exitCodeAsked: boolean,
  { visible, found }: { visible: boolean; found: boolean },
): number {
  if (!exitCodeAsked) return 0;
  if (found) return exitCodes.findings;
  return visible ? 0 : exitCodes.no_visibility;
}
