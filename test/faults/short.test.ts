import { expect, it } from 'vitest';
import { run } from './run.ts';

// The long ones are a script: `npm run faults -- --seed N --minutes M`.
it('20 seconds of seeded faults violate nothing', { timeout: 240_000 }, async () => {
  const report = await run({ seed: 20_260_101, milliseconds: 20_000 });
  expect(report.violations).toEqual([]);
  expect(report.partitions.completed).toBeGreaterThan(0);
  // It has really been bad weather.
  expect(Object.keys(report.thrown).length).toBeGreaterThan(10);
});
