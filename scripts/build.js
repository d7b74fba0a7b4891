// Bundles source/cli.ts into dist/, and by itself what its threads run. Bundled, because loading a few hundred files of
// dependencies costs more than half of the time to the console's first paint.
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, program, root } from './bundle.js';
import { thirdPartyLicences } from './third-party-licences.js';

const outdir = `${root}dist`;
const builds = await Promise.all([
  build({ ...program, outdir, metafile: true }),
  // In one file: a worker may start its first thread long after it started itself.
  build({ ...bundling, entryPoints: ['source/handlers/module-thread.ts'], outdir, metafile: true }),
]);
const made = new Set(builds.flatMap(({ metafile }) => Object.keys(metafile.outputs)));
// What is left of other builds goes last: a program that starts from dist/ meanwhile finds its files.
for (const name of readdirSync(outdir)) {
  if (!made.has(`dist/${name}`)) rmSync(`${outdir}/${name}`, { recursive: true, force: true });
}

// The shapes of --json, for programs that read them: published in the package.
writeFileSync(
  `${root}dist/json-schema.json`,
  execFileSync(process.execPath, [`${root}bin/servo-tui.js`, 'schema']),
);

const licences = thirdPartyLicences(builds.map(({ metafile }) => metafile));
writeFileSync(`${root}dist/THIRD-PARTY-LICENSES.txt`, licences);
