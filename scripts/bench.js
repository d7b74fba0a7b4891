// Runs the benchmarks on a bundle, as users run it: `npm run bench -- [NAME …] [--rounds N]`.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outfile = `${root}dist/bench-${process.pid}.js`;
// The programs that servo-tui is compared with are not bundled.
const peers = ['graphile-worker', 'pg-boss', '@lydell/node-pty'];
// Not a dependency of the project, since it requires a newer Node; it works on this one.
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
