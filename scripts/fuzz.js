#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

/**
 * Random keys, replies, failures, pastes and sizes against the console's model:
 * `npm run fuzz -- --minutes 5 --seed 7`. Prints the seed and, for a failure, the shortest script
 * that reproduces it.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
for (const [name, value] of Object.entries(values))
  if (!(Number(value) > 0))
    throw new Error(`invalid --${name} "${value}": expected a number above 0`);
process.stdout.write(`seed ${values.seed}, ${values.minutes} minutes for each property\n`);
const vitest = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'fast', 'test/sessions/fuzz.test.ts'],
  {
    stdio: 'inherit',
    env: { ...process.env, SERVO_FUZZ_SEED: values.seed, SERVO_FUZZ_MINUTES: values.minutes },
  },
);
process.exit(vitest.status ?? 1);
