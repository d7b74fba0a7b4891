// Bundles the program and the fault suite into a folder of their own, and runs the suite: a long run must not notice that
// somebody builds again meanwhile. `npm run faults -- --seed N --minutes M`.
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
// As scripts/build.js does: what threads run is in one file.
await build({ ...bundling, entryPoints: ['source/handlers/module-thread.ts'], outdir });
await import(join(folder, 'dist', 'faults.js'));
