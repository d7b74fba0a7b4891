import type { Labels } from '../../source/console/model/effects.ts';

/** What a console of the tests is connected to. */
export const labels: Labels = {
  context: null,
  database: 'warehouse',
  tenant: 'acme',
  embedded: false,
  rls_bypassed: false,
};

/** With every badge of the header. */
export const badged: Labels = { ...labels, embedded: true, rls_bypassed: true };

/** Options of the model, without what depends on the kind of console. */
export const consoleOptions = {
  labels,
  read_only: false,
  zone: 'utc',
  interval_ms: 1000,
} as const;
