// Bundles and runs the benchmarks, so that they measure what users run: `npm run bench [-- NAME …] [-- --rounds N]`.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outfile = `${root}dist/bench-${process.pid}.js`;
// What servo-tui is measured against runs as it is installed.
const peers = ['graphile-worker', 'pg-boss', '@lydell/node-pty'];
// Not a dependency of the project: it asks for a newer Node than the project does, and runs on this one.
const newest = `${root}test/benchmarks/peers/newest`;
if (!existsSync(`${newest}/node_modules`)) {
  execFileSync('npm', ['ci', '--prefix', newest, '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
  });
}
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
