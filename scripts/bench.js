// Bundles and runs the benchmarks, so that they measure what users run: `npm run bench [-- NAME …] [-- --rounds N]`.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outfile = `${root}dist/bench-${process.pid}.js`;
// What servo-tui is measured against runs as it is installed.
const peers = ['graphile-worker', 'graphile-worker-next', 'pg-boss', '@lydell/node-pty'];
await build({
  ...bundling,
  external: [...bundling.external, ...peers],
  entryPoints: ['test/benchmarks/main.ts'],
  outfile,
});
try {
  await import(outfile);
} finally {
  rmSync(outfile, { force: true });
}
