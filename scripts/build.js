// Bundles source/cli.ts into dist/. Bundled, because loading a few hundred files of dependencies
// costs more than half of the time to the console's first paint.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outdir = `${root}dist`;

rmSync(outdir, { recursive: true, force: true });
await build({ ...bundling, entryPoints: ['source/cli.ts'], outdir, splitting: true });

// The shapes of --json, for programs that read them: published in the package.
writeFileSync(
  `${outdir}/json-schema.json`,
  execFileSync(process.execPath, [`${root}bin/servo-tui.js`, 'schema']),
);
