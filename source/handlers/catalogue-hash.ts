import { createHash } from 'node:crypto';
import type { Catalogue } from './handler.ts';

/**
 * Eight hexadecimal digits that change with any handler file or settings file of the catalogue:
 * executors that show the same ones run the same handlers. What a handler itself reads or imports
 * is not in it.
 */
export function catalogueHash(catalogue: Catalogue): string {
  const hash = createHash('sha256');
  for (const [asset, { kind, digest = '' }] of [...catalogue].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${JSON.stringify([asset, kind, digest])}\n`);
  return hash.digest('hex').slice(0, 8);
}
