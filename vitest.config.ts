import { defineConfig } from 'vitest/config';
import { hasPrometheus } from './test/support/prometheus.ts';

/** `fast` needs no database, terminal or bundle; it is what `npm run check` runs. */
const fast = [
  'test/{architecture,domain,presentation,console,sessions,tui}/**/*.test.{ts,tsx}',
  'test/monitoring/alerts.test.ts',
  'test/*.test.ts',
];

/** Wants Prometheus itself. Where that is not installed, `npm run check:alerts` says so. */
const prometheus = ['test/monitoring/prometheus.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: fast,
          setupFiles: ['test/support/hermetic.ts', 'test/support/seed.ts'],
          pool: 'threads',
          sequence: { groupOrder: 0 },
          // Nothing here waits for anything: what takes long does so because the machine is busy.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: [
            ...fast,
            ...(hasPrometheus() ? [] : prometheus),
            'test/benchmarks/**',
            'node_modules/**',
          ],
          globalSetup: 'test/support/global-setup.ts',
          setupFiles: ['test/support/hermetic.ts', 'test/support/seed.ts'],
          pool: 'forks',
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          // CI shares its machine: a failure there is one that repeats. Nothing is tried again anywhere else.
          retry: process.env.CI ? 1 : 0,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
