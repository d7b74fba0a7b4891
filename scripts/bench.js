// Bundles and runs the benchmarks, so that they measure what users run: `npm run bench [-- ROUNDS]`.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outfile = `${root}dist/bench.js`;
await build({ ...bundling, entryPoints: ['test/benchmarks/main.ts'], outfile });
try {
  await import(outfile);
} finally {
  rmSync(outfile);
}
