// Bundles source/cli.ts into dist/, and module-thread.ts into a file of its own. Bundled, because
// loading hundreds of files costs more than half of the time to the console's first paint.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, program, root } from './bundle.js';
import { thirdPartyLicences } from './third-party-licences.js';

const outdir = `${root}dist`;
const builds = await Promise.all([
  build({ ...program, outdir, metafile: true }),
  // One file: an executor may start its first thread long after a new build replaced dist/.
  build({ ...bundling, entryPoints: ['source/handlers/module-thread.ts'], outdir, metafile: true }),
]);
const made = new Set(builds.flatMap(({ metafile }) => Object.keys(metafile.outputs)));
// Old files are deleted last, so that a program that starts meanwhile finds its files.
for (const name of readdirSync(outdir)) {
  if (!made.has(`dist/${name}`)) rmSync(`${outdir}/${name}`, { recursive: true, force: true });
}

// The JSON Schema of --json, published in the package.
writeFileSync(
  `${root}dist/json-schema.json`,
  execFileSync(process.execPath, [`${root}bin/servo-tui.js`, 'schema'], { maxBuffer: 2 ** 26 }),
);

const licences = thirdPartyLicences(builds.map(({ metafile }) => metafile));
writeFileSync(`${root}dist/THIRD-PARTY-LICENSES.txt`, licences);
