import { fileURLToPath } from 'node:url';
import { buildId } from './build-id.js';
import { chunks } from './chunks.js';
import { pgStream } from './pg-stream.js';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * How everything of ours is bundled: for Node, as ES modules, with our dependencies inside, as they
 * are published but for `Intl.Segmenter` and `pg/lib/stream.js`, which have equivalents that load
 * less (test/architecture/equivalents.test.ts). meow is whole: what it does not need here costs a command
 * 15 ms, and can be left out only by editing its code.
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
    // ICU's break rules are loaded when a text needs them: 10 ms that most commands save.
    'Intl.Segmenter': 'LazySegmenter',
  },
  inject: ['scripts/lazy-segmenter.js'],
  // pg loads its native twin and Ink its developer tools only when asked to: neither is installed.
  // Piscina starts its threads from a file of its own, which must be where it looks for it.
  external: ['pg-native', 'react-devtools-core', 'piscina'],
  plugins: [pgStream],
  // CommonJS dependencies call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

/** The program itself, in files that are loaded when they are wanted. */
export const program = {
  ...bundling,
  entryPoints: ['source/cli.ts'],
  splitting: true,
  plugins: [...bundling.plugins, chunks(root)],
};
