import { fileURLToPath } from 'node:url';
import { buildId } from './build-id.js';
import { chunks } from './chunks.js';
import { pgStream } from './pg-stream.js';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * How every bundle is made: for Node, as ES modules, with dependencies as published. Two have
 * equivalents that load less (test/architecture/equivalents.test.ts): `Intl.Segmenter` and
 * `pg/lib/stream.js`. Stripping meow would save 15 ms a command, but only by editing its code.
 */
export const bundling = {
  absWorkingDir: root,
  bundle: true,
  minifySyntax: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.20',
  jsx: 'automatic',
  logLevel: 'warning',
  define: {
    'process.env.NODE_ENV': '"production"',
    SERVO_TUI_BUILD: JSON.stringify(buildId(root)),
    // Loads ICU's break rules on demand, which saves most commands 10 ms.
    'Intl.Segmenter': 'LazySegmenter',
  },
  inject: ['scripts/lazy-segmenter.js'],
  // pg-native and react-devtools-core are optional and not installed. Piscina starts its threads
  // from its own file, which it must find in its package.
  external: ['pg-native', 'react-devtools-core', 'piscina'],
  plugins: [pgStream],
  // CommonJS dependencies call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/** The program, split into files that are loaded on demand. */
export const program = {
  ...bundling,
  entryPoints: ['source/cli.ts'],
  splitting: true,
  plugins: [...bundling.plugins, chunks(root)],
};
