// Takes the screens of docs/console.md from the running program: `npm run captures`.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { bundling, root } from './bundle.js';

const outfile = `${root}dist/captures-${process.pid}.js`;
await build({
  ...bundling,
  external: [...bundling.external, '@lydell/node-pty', '@xterm/headless', 'esbuild'],
  entryPoints: ['test/captures/main.ts'],
  outfile,
});
try {
  await import(outfile);
} finally {
  rmSync(outfile, { force: true });
}
