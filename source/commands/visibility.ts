import { isAnythingVisible } from '../database/queries/read-visibility.ts';
import { safeText } from '../presentation/safe-text.ts';
import type { Io } from './io.ts';
import type { Session } from './session.ts';

/**
 * Says on stderr that nothing at all of the tenant is visible, where a report has found nothing: a tenant that is misspelt looks just
 * like one in which all is well.
 */
export async function noteVisibility({ reader, tenant }: Session, io: Io): Promise<void> {
  if (await reader.read(tenant, (query) => isAnythingVisible(query, tenant))) return;
  io.stderr.write(
    `no visibility: not one job, asset or executor of a tenant ${safeText(tenant)}; this does not say that all is well — is the tenant called so? see: servo-tui doctor\n`,
  );
}
