import { createHash } from 'node:crypto';
import type { Catalogue } from './handler.ts';

/**
 * Eight hexadecimal digits over all handler and settings files of the catalogue. Executors with the
 * same hash run the same handlers; files that a handler itself reads or imports are not included.
 */
export function catalogueHash(catalogue: Catalogue): string {
  const hash = createHash('sha256');
  for (const [asset, { kind, digest = '' }] of [...catalogue].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${JSON.stringify([asset, kind, digest])}\n`);
  return hash.digest('hex').slice(0, 8);
}
