// Bundles source/cli.ts into dist/. Bundled, because loading a few hundred files of dependencies
// costs more than half of the time to the console's first paint.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outdir = `${root}dist`;

rmSync(outdir, { recursive: true, force: true });
await build({ ...bundling, entryPoints: ['source/cli.ts'], outdir, splitting: true });
