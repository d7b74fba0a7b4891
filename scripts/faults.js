// Runs the fault suite: `npm run faults -- --seed N --minutes M`. Bundles into a temporary folder,
// so that a build during a long run does not affect it.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'servo-tui-faults-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const name of ['bin', 'migrations', 'package.json'])
  cpSync(join(root, name), join(folder, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
const outdir = join(folder, 'dist');
await build({
  ...bundling,
  entryPoints: { cli: 'source/cli.ts', faults: 'test/faults/main.ts' },
  outdir,
  splitting: true,
});
// As in scripts/build.js: the code of threads is one file.
await build({ ...bundling, entryPoints: ['source/handlers/module-thread.ts'], outdir });
await import(join(folder, 'dist', 'faults.js'));
