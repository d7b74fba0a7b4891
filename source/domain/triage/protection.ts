import type { Diagnosis, FunctionProtection, TableProtection } from './diagnosis.ts';

/** Protections of a table or function, with their level. */
const protections = {
  forced: 'ok',
  enabled: 'ok',
  owner_only: 'ok',
  read_only: 'ok',
  open: 'warning',
  not_forced: 'warning',
  caller: 'ok',
  owner: 'ok',
  public_owner: 'warning',
  unpinned: 'warning',
} as const;
export type Protection = keyof typeof protections;

export type Protected = {
  kind: 'table' | 'function';
  name: string;
  level: (typeof protections)[Protection];
  protection: Protection;
};

/**
 * Shared tables force row-level security on their owner too; our own do not, since the journal's
 * trigger writes as the owner.
 */
function ofTable({ shared, enabled, forced, permissive, writers }: TableProtection): Protection {
  if (!enabled) return !shared && writers.length === 0 ? 'read_only' : 'open';
  if (permissive === 0) return shared ? 'open' : 'owner_only';
  if (forced) return 'forced';
  return shared ? 'not_forced' : 'enabled';
}

/** Without SECURITY DEFINER a function can do only what its caller can. */
function ofFunction({ definer, pinned, public: everybody }: FunctionProtection): Protection {
  if (!definer) return 'caller';
  if (everybody) return 'public_owner';
  return pinned ? 'owner' : 'unpinned';
}

export function protectionsOf({ tables, functions }: Diagnosis['protection']): Protected[] {
  const all = [
    ...tables.map((one) => ['table', one.name, ofTable(one)] as const),
    ...functions.map((one) => ['function', one.name, ofFunction(one)] as const),
  ].map(([kind, name, protection]) => ({ kind, name, level: protections[protection], protection }));
  return [
    ...all.filter(({ level }) => level === 'warning'),
    ...all.filter(({ level }) => level === 'ok'),
  ];
}
