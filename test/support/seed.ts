import fc from 'fast-check';

/**
 * Properties use one fixed seed, so that a run is repeatable; `npm run fuzz` uses other seeds.
 */
fc.configureGlobal({ seed: Number(process.env.SERVO_FUZZ_SEED ?? 20_240_307) });
